"""Reading variables and gathering what is wrong with them; which ones there are is config.py's."""

from collections.abc import Mapping

import click

PAAS_MARKS = (
    "DYNO",
    "RENDER",
    "FLY_APP_NAME",
    "RAILWAY_ENVIRONMENT",
    "K_SERVICE",
    "VCAP_APPLICATION",
    "WEBSITE_SITE_NAME",
)
"""Variables by which Heroku, Dokku, Render, Fly, Railway, Cloud Run and others show themselves."""


class ConfigError(click.ClickException):
    """What is wrong with the environment, one sentence a problem; never a traceback."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"The settings do not allow a start.\n{lines}")


class Environment:
    """Reads variables and gathers what is wrong with them, instead of stopping at the first."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.problems: list[str] = []

    def refuse(self, name: str, sentence: str) -> None:
        """Note one problem under the name of its variable."""
        self.problems.append(f"{name}: {sentence}")

    def text(self, name: str, default: str = "") -> str:
        """Read a text; an empty variable counts as absent."""
        return self._values.get(name, "").strip() or default

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """Read a whole number between two bounds, both allowed."""
        text = self.text(name, str(default))
        if text.isascii() and text.isdigit() and low <= int(text) <= high:
            return int(text)
        self.refuse(name, f"{text!r} is not a whole number from {low} to {high}.")
        return default

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """Read one of a few words."""
        text = self.text(name, default).lower()
        if text in allowed:
            return text
        self.refuse(name, f"{text!r} is none of {', '.join(allowed)}.")
        return default

    def is_on(self, name: str) -> bool:
        """Read a switch: 1, true, yes or on."""
        return self.choice(name, "0", ("0", "1", "true", "false", "yes", "no", "on", "off")) in {
            "1",
            "true",
            "yes",
            "on",
        }

    def is_paas(self) -> bool:
        """Tell whether this is a platform that runs the application for us."""
        return any(self.text(mark) for mark in PAAS_MARKS)
