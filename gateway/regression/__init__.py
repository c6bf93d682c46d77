"""Recordings played again: the gateway in the place of one host, and what it does compared with what that did."""
