"""The browser tests' fixtures, and their mark; what they are made of is in support."""

from pathlib import Path

import pytest

from tests.support.browser import browser, live_server, page

__all__ = ["browser", "live_server", "page"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, for ``-m browser``."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
