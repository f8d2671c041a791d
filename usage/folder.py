"""The watched folder: call files that another program lays there are taken in, then moved.

``CDR_FOLDER`` has a folder for each reseller, named by its short name. A file that was taken in
moves to ``done`` in it, one that cannot be to ``refused``, with the reason in a file beside it.
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
from usage.profiles import VOIP_INNOVATIONS
from usage.receiving import Received, receive

log = logging.getLogger(__name__)

BY = Actor(name="Watched folder")
DONE, REFUSED = "done", "refused"
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


def _take_all(folder: Path) -> int:
    files = [path for path in sorted(folder.iterdir()) if _is_ready(path)]
    tenant = _reseller_id(folder.name) if files else None
    if tenant is None:
        return 0
    with tenancy.acting_for(tenant):
        return sum(_take(path) for path in files)


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


def _take(path: Path) -> bool:
    """Take one file in and move it; one that vanishes meanwhile was another process's."""
    try:
        with path.open("rb") as stream:
            received = receive(stream, path.name, by=BY, profile=VOIP_INNOVATIONS)
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
