"""Recorded packets in place of sockets, a virtual clock in place of time."""
