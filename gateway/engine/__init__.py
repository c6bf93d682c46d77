"""One of each floor put together; it opens no socket, reads no clock and draws no random number."""
