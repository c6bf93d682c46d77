"""The page of a diagnosis: one HTML file with everything in it, that loads nothing."""

from gateway.console.page.document import page

__all__ = ["page"]
