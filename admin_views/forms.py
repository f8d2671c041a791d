"""The base of the back office's own forms, which the portal's accounts share."""

from post_form import PostForm

__all__ = ["PostForm"]
