"""Command line of refergate."""
