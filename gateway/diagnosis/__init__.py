"""Diagnosis: what a recording shows of each transfer, what went wrong in it, and how the media fared."""
