"""Readable tables and trees for a terminal."""
