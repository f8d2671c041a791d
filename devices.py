"""A browser's own description of itself in words; nothing depends on what it says being true."""

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "a Mac"),
    ("Linux", "Linux"),
)
"""What a user agent has in it, and the word for it; the first that fits counts, since browsers
name each other."""


def device(user_agent: str | None) -> str:
    """Say in words which browser and which device a user agent names: Firefox on Windows."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"A browser on {system}" if system else "An unknown browser")


def _first(known: tuple[tuple[str, str], ...], user_agent: str | None) -> str | None:
    return next((word for sign, word in known if sign in (user_agent or "")), None)
