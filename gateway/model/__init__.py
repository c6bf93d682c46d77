"""The vocabulary that every floor may use; it imports nothing of ours."""
