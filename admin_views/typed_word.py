"""The word that is typed before what cannot be taken back: asked for here, shown by a component."""

from flask import request

FIELD = "typed_word"


def typed() -> str:
    """Give what was typed, for the field to keep."""
    return request.form.get(FIELD, "")


def problem(word: str) -> str:
    """Tell what is wrong with what was typed, for beside its field; empty when it is the word."""
    said = " ".join(typed().split())
    if said.casefold() == " ".join(word.split()).casefold():
        return ""
    if not said:
        return f"Type {word}; nothing was done."
    return f"“{said[:60]}” is not {word}; nothing was done."
