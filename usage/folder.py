"""The watched folder: call files that another program lays there are taken in, then moved.

``CDR_FOLDER`` has a folder for each reseller, named by its short name, for files of the built-in
format; files of another lie in a folder in it that is named by the format. A file that was taken in
moves to ``done`` beside it, one that cannot be to ``refused``, with the reason in a file.
"""

import logging
import os
import time
from pathlib import Path

from flask import current_app
from sqlalchemy import select

import database
import tenancy
from extensions import db
from models import ImportState, Reseller
from permissions import Actor
from usage import profiles
from usage.describing import plain
from usage.profiles import VOIP_INNOVATIONS, Profile
from usage.receiving import Received, receive

log = logging.getLogger(__name__)

BY = Actor(name="Watched folder")
DONE, REFUSED = profiles.NO_KEYS
QUIET_SECONDS = 10
"""A file that was written to more recently may still be coming in."""
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".swp")
"""How programs name a file while they write it."""


def take_from_folder() -> int:
    """Take in what lies in the resellers' folders; gives how many files."""
    root = current_app.config.get("CDR_FOLDER")
    if root is None:
        return 0
    return sum(_take_all(folder) for folder in sorted(Path(root).iterdir()) if folder.is_dir())


def waiting_for_a_format(slug: str) -> list[str]:
    """Name the folders of the session's reseller whose files wait: no format is named so."""
    root = current_app.config.get("CDR_FOLDER")
    folder = Path(root or "", slug)
    if root is None or not folder.is_dir():
        return []
    known = _formats()
    places = (place for place in _folders(folder) if plain(place.name) not in known)
    return [place.name for place in places if _ready(place)]


def _take_all(folder: Path) -> int:
    places = {place: _ready(place) for place in (folder, *_folders(folder))}
    tenant = _reseller_id(folder.name) if any(places.values()) else None
    if tenant is None:
        return 0
    with tenancy.acting_for(tenant):
        with database.reading():
            known = _formats()
            db.session.rollback()
        return sum(
            _take_of(place, files, VOIP_INNOVATIONS if place == folder else None, known)
            for place, files in places.items()
            if files
        )


def _take_of(
    place: Path, files: list[Path], profile: Profile | None, known: dict[str, Profile]
) -> int:
    """Take the files of one folder in by its format; where there is none, say so."""
    profile = profile or known.get(plain(place.name))
    note = place.parent / REFUSED / f"{place.name}.reason.txt"
    try:
        if profile is None:
            _say_unknown(place, note, known)
            return 0
        note.unlink(missing_ok=True)
    except OSError:
        log.exception("The note %s cannot be written", note)
    return sum(_take(path, profile) for path in files) if profile else 0


def _say_unknown(place: Path, note: Path, known: dict[str, Profile]) -> None:
    """Write beside the refused files why a folder's files wait, once."""
    keys = ", ".join(sorted({profile.key for profile in known.values()}))
    words = (
        f"No call file format is named {place.name}, so its files wait where they are. "
        f"Describe the format under Call Files, or name the folder by one that there is: {keys}.\n"
    )
    if not note.exists() or note.read_text(encoding="utf-8") != words:
        note.parent.mkdir(exist_ok=True)
        note.write_text(words, encoding="utf-8")
        log.warning("No call file format is named as the folder %s, whose files wait.", place)


def _formats() -> dict[str, Profile]:
    """Give the session's reseller's formats by what a folder can be named: key, else name."""
    every = profiles.every()
    return {plain(one.label): one for one in reversed(every)} | {one.key: one for one in every}


def _folders(folder: Path) -> list[Path]:
    """List the folders in a reseller's folder that are for files of a format."""
    return [
        path
        for path in sorted(folder.iterdir())
        if path.is_dir()
        and not path.is_symlink()
        and path.name not in (DONE, REFUSED)
        and not path.name.startswith(".")
    ]


def _ready(folder: Path) -> list[Path]:
    """List the files of a folder that are whole; one that may not be read holds up no other."""
    try:
        return [path for path in sorted(folder.iterdir()) if _is_ready(path)]
    except OSError:
        log.exception("The folder %s cannot be read", folder)
        return []


def _is_ready(path: Path) -> bool:
    """Tell whether a file is whole: not hidden, not named as unfinished, and quiet for a while.

    A link is left alone: it could lead to any file of this machine.
    """
    if path.name.startswith(".") or path.name.lower().endswith(UNFINISHED):
        return False
    if path.is_symlink() or not path.is_file():
        return False
    return time.time() - path.stat().st_mtime >= QUIET_SECONDS


def _reseller_id(slug: str) -> int | None:
    with tenancy.across_resellers(), database.reading():
        found = db.session.scalar(
            select(Reseller.id).where(Reseller.slug == slug, Reseller.is_active)
        )
        db.session.rollback()
    if found is None:
        log.warning("No reseller is named %s, whose call files wait.", slug)
    return found


def _take(path: Path, profile: Profile) -> bool:
    """Take one file in and move it; one that vanishes meanwhile was another process's."""
    try:
        with path.open("rb") as stream:
            received = receive(stream, path.name, by=BY, profile=profile)
        _move(path, received)
    except FileNotFoundError:
        return False
    except OSError:
        # What may not be read or moved must not keep the files behind it waiting.
        log.exception("The call file %s cannot be taken", path)
        db.session.rollback()
        return False
    return True


def _move(path: Path, received: Received) -> None:
    row = received.row
    is_refused = row.state is ImportState.REFUSED
    folder = path.parent / (REFUSED if is_refused else DONE)
    folder.mkdir(exist_ok=True)
    target = _free(folder / path.name)
    os.rename(path, target)
    if is_refused:
        reason = target.with_name(f"{target.name}.reason.txt")
        reason.write_text(f"{row.problem}\n", encoding="utf-8")


def _free(path: Path) -> Path:
    """Find a name that is free: what lies there is never overwritten."""
    count, found = 1, path
    while found.exists():
        count += 1
        found = path.with_name(f"{path.stem}-{count}{path.suffix}")
    return found
