"""The words that nothing a client reads may contain (P31)."""

import re

from webtest import TestResponse

FORBIDDEN = re.compile(r"portico|\bcarriers?\b|\bnetworks?\b|wholesale|\bcosts?\b", re.I)


def leaks(text: str) -> list[str]:
    """List the forbidden words of a text."""
    return FORBIDDEN.findall(text)


def leaks_of(response: TestResponse) -> list[str]:
    """List the forbidden words of a response: its body and its headers."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return leaks(headers) + leaks(response.text)
