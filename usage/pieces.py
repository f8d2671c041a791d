"""The bytes of a call file in the database: taken in as pieces, given back from any place on.

A dyno's disk vanishes at a restart, so a file that is to be read in the background stands in
``cdr_import_part``, unpacked, in pieces that are compressed each on its own.
"""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import delete, select

import database
from extensions import db
from models import CdrImportPart
from usage.reading import LONGEST_BYTES, LONGEST_LINE, FileRefused

PIECE = 1 << 20
AT_ONCE = 8
"""Pieces that are written in one transaction."""
MOST_BYTES = 8 << 30
"""An unpacked file may not be larger: some fifty million calls."""
MOST_RATIO = 200
FREE = 16 << 20
"""Bytes up to which nobody asks how well a file was packed."""
KEPT_OF_LINE = LONGEST_BYTES + 1
"""A longer line is cut: it cannot be read anyway."""
BUNCH_BYTES = 4 << 20
"""Of lines, looked at once a piece."""
SOON = 2_000
"""Lines of the first bunch, so that something is seen at once; larger ones have fewer sums."""


@dataclass
class Taken:
    """What is known of a file that was taken in."""

    digest: str = ""
    size: int = 0
    lines: int = 0
    """Its line ends, the header's included."""
    header: str = ""
    start: int = 0
    """Where the first line after the header begins."""


def take_in(stream: BinaryIO, import_id: int, tenant: int, check: Callable[[str], None]) -> Taken:
    """Write a file, gzipped or not, as pieces; commits every few of them.

    ``check`` is given the header and may refuse it. Raises FileRefused, also for what is damaged,
    packed beyond belief or too large; some pieces may have been written then.
    """
    taken, digest, waiting = Taken(), hashlib.sha256(), []
    is_old_mac = False
    for position, found in enumerate(_blocks(stream)):
        digest.update(found)
        if position == 0:
            is_old_mac = b"\r" in found and b"\n" not in found
        block = found.replace(b"\r", b"\n") if is_old_mac else found
        if position == 0:
            taken.header, taken.start = _header(block)
            check(taken.header)
        taken.size += len(block)
        taken.lines += block.count(b"\n")
        waiting.append((position, zlib.compress(block, 1)))
        if len(waiting) == AT_ONCE:
            _write(waiting, import_id, tenant)
    if not taken.size:
        raise FileRefused("The file is empty.")
    _write(waiting, import_id, tenant)
    taken.lines += block[-1:] != b"\n"
    taken.digest = digest.hexdigest()
    return taken


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Give the unpacked bytes of a file in pieces of one length, but for the last."""
    is_packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    source = gzip.GzipFile(fileobj=stream) if is_packed else stream
    total = 0
    try:
        while block := _full(source):
            total += len(block)
            if total > MOST_BYTES:
                raise FileRefused(
                    f"The file has more than {MOST_BYTES >> 30} GB. Send it in parts."
                )
            if is_packed and total > FREE and total > MOST_RATIO * stream.tell():
                raise FileRefused("The file unpacks to far more than it holds. Send it unpacked.")
            yield block
    except (EOFError, gzip.BadGzipFile, zlib.error) as broken:
        raise FileRefused("The file breaks off: its compression is damaged.") from broken


def _full(source: BinaryIO | gzip.GzipFile) -> bytes:
    parts, missing = [], PIECE
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _header(block: bytes) -> tuple[str, int]:
    if block[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FileRefused("The file is in UTF-16. Save it as UTF-8 and send it again.")
    line, end, _ = block.partition(b"\n")
    if len(line) > LONGEST_BYTES:
        raise FileRefused(f"The first line has more than {LONGEST_LINE:,} characters.")
    try:
        return line.decode("utf-8-sig").rstrip("\r").replace("\0", ""), len(line) + len(end)
    except UnicodeDecodeError:
        raise FileRefused("The first line is not in UTF-8; is it a call file?") from None


def _write(waiting: list[tuple[int, bytes]], import_id: int, tenant: int) -> None:
    owner = {"reseller_id": tenant, "cdr_import_id": import_id}
    for position, content in waiting:
        db.session.add(CdrImportPart(**owner, position=position, content=content))
    waiting.clear()
    db.session.commit()


def drop(import_id: int) -> None:
    """Delete the pieces of a file; the caller commits."""
    gone = delete(CdrImportPart).where(CdrImportPart.cdr_import_id == import_id)
    db.session.execute(gone.execution_options(synchronize_session=False))


def bunches(import_id: int, start: int, count: int) -> Iterator[tuple[list[bytes], int]]:
    """Give a file's lines from a place on, at most ``count`` at once, and where the next begin.

    A line that is longer than may be is cut, so that memory stays flat.
    """
    lines: list[bytes] = []
    end, held, limit = start, 0, min(count, SOON)
    for some, lengths in _lines(import_id, start):
        at = 0
        while at < len(some):
            upto = at + limit - len(lines)
            lines += some[at:upto]
            taken = sum(lengths[at:upto])
            end, held, at = end + taken, held + taken, upto
            if len(lines) >= limit or held >= BUNCH_BYTES:
                yield lines, end
                lines, held, limit = [], 0, count
    if lines:
        yield lines, end


def _lines(import_id: int, start: int) -> Iterator[tuple[list[bytes], list[int]]]:
    """Give the lines that end in each piece, and the bytes that each takes with its end."""
    rest, cut = b"", 0
    for block in _from(import_id, start):
        *whole, last = block.split(b"\n")
        if whole:
            whole[0] = rest + whole[0]
            lengths = [len(line) + 1 for line in whole]
            lengths[0] += cut
            yield [line[:KEPT_OF_LINE] for line in whole], lengths
            rest, cut = last, 0
        else:
            rest += last
        if len(rest) > KEPT_OF_LINE:
            cut += len(rest) - KEPT_OF_LINE
            rest = rest[:KEPT_OF_LINE]
    if rest:
        yield [rest], [cut + len(rest)]


def _from(import_id: int, start: int) -> Iterator[bytes]:
    """Give the bytes from a place on, piece by piece; each is read in a transaction of its own."""
    position, skip = divmod(start, PIECE)
    while True:
        with database.reading():
            content = db.session.scalar(
                select(CdrImportPart.content).where(
                    CdrImportPart.cdr_import_id == import_id, CdrImportPart.position == position
                )
            )
            db.session.rollback()
        if content is None:
            return
        yield zlib.decompress(content)[skip:]
        position, skip = position + 1, 0
