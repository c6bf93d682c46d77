"""One of each floor put together; opens no socket, reads no clock."""
