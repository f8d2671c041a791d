"""What a journey needs: the browser's fixtures, which live with the browser tests' support."""

from tests.support.browser import browser, live_server, page

__all__ = ["browser", "live_server", "page"]
