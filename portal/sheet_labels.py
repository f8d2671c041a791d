"""The labels that a file of numbers changes: shown first, then written with its orders, at once.

A label is no order: nobody approves it (see ``labels``). What a file does to services is
``sheet_changes``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

import display
from clients import typed
from extensions import db
from models import Client, Did
from policy import Refused
from portal import labels, number_search, number_sheet
from portal.number_sheet import Wish


@dataclass(frozen=True)
class Labelling:
    """What a line calls its number, and what it is called now."""

    before: str | None
    after: str | None
    text: str
    """What the client writes; the reseller's own label shows where that is nothing."""


def change(did: Did, wish: Wish) -> Labelling | None:
    """Tell what a line makes of a number's label; None where it changes nothing.

    An empty cell takes the client's own label away, and never the one that the reseller gave.
    """
    now = number_search.label_of(did)
    if wish.label is None or number_sheet.is_same_label(wish.label, now):
        return None
    text = typed.line_of(wish.label)
    if text in (now, did.client_label) or (text is None and did.client_label is None):
        return None
    return Labelling(now, text or did.label, text or "")


def problem(found: Labelling | None) -> str | None:
    """Say why a line cannot call its number that."""
    sentence = labels.problem(found.text) if found else None
    return f"{number_sheet.LABEL}: {sentence}" if sentence else None


def packed(found: Sequence[tuple[int, str, str]]) -> str:
    """Write labels as the form carries them: line, number, and what the cell says."""
    return json.dumps(found, separators=(",", ":"))


def unpacked(text: str) -> list[tuple[int, str, str]]:
    """Read the labels that a form carries; raises ValueError for what no page of ours wrote."""
    try:
        return [_one(*each) for each in json.loads(text or "[]")]
    except TypeError as problem:
        raise ValueError("These are no labels.") from problem


def _one(at: object, number: object, label: object) -> tuple[int, str, str]:
    if not isinstance(at, int) or not isinstance(number, str) or not isinstance(label, str):
        raise ValueError("A label is a text, of a number, on a line.")
    if display.to_e164(number) != number or "\0" in label:
        raise ValueError("This is no number, or no text.")
    return at, number, label


def write(client: Client, carried: Sequence[tuple[int, str, str]]) -> int:
    """Call numbers of a client what a form carries; gives how many have another label now.

    Raises Refused for a number that is not the client's, and for what cannot be a label.
    """
    wanted = [number for _, number, _ in carried]
    mine = select(Did).where(Did.client_id == client.id, Did.number.in_(wanted))
    dids = {did.number: did for did in db.session.scalars(mine)}
    return sum(_write(client, dids.get(number), number, label) for _, number, label in carried)


def _write(client: Client, did: Did | None, number: str, label: str) -> bool:
    if did is None:
        raise Refused(f"{display.number(number)} is not one of {client.name}'s numbers.")
    text = typed.line_of(label)
    sentence = labels.problem(text)
    if sentence:
        raise Refused(f"{display.number(number)}: {sentence}")
    return labels.write(did, text)


def beside(wishes: Sequence[Wish], carried: Sequence[tuple[int, str, str]]) -> list[Wish]:
    """Put carried labels back on the lines of a file, and those that change nothing else."""
    said: Mapping[str | None, str] = {number: label for _, number, label in carried}
    found = [replace(one, label=said.get(one.number)) for one in wishes]
    known = {one.number for one in wishes}
    more = [
        Wish(at, display.number(number), label=label)
        for at, number, label in carried
        if number not in known
    ]
    return sorted([*found, *more], key=lambda one: one.at)
