"""Reading call files: every broken line has its reason, and no bytes can break the reader."""

import csv
import gzip
import io
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from columns import now
from extensions import db
from models import Call, CdrReject, ImportState
from sample_data import make_cdrs
from tests.support.calls import BY, HEADER, file_of, forget_charges, line, load
from usage import importing, pieces
from usage.profiles import VOIP_INNOVATIONS, Profile
from usage.reading import BadRow, CallRow, Lines

READER = Lines(HEADER, VOIP_INNOVATIONS, datetime(2026, 11, 25, tzinfo=UTC))
TO = "+14125550190"


def read(text: str, header: str = HEADER) -> CallRow | BadRow | None:
    return Lines(header, VOIP_INNOVATIONS, now()).read(2, text.encode("utf-8", "surrogateescape"))


def test_every_kind_of_broken_line_of_the_sample_has_its_reason(at_reseller) -> None:
    forget_charges()
    content = io.BytesIO(make_cdrs.broken(at_reseller.acme_number))
    row = importing.run(content, "broken.CDR", by=BY)
    assert (row.added, row.bad) == (len(make_cdrs.BROKEN), len(make_cdrs.BROKEN))
    found = db.session.execute(select(CdrReject.line, CdrReject.reason).order_by(CdrReject.line))
    for (_, _, expected), (place, reason) in zip(make_cdrs.BROKEN, found, strict=True):
        assert expected in reason
        assert place % 2 == 0


def test_the_sample_is_read_to_the_last_line_in_either_order_of_the_header() -> None:
    """Both orders of CallIncrement and CallMinimum give the same calls."""
    numbers = [TO, "+18445550123"]
    orders = [
        list(make_cdrs.lines(numbers, date(2026, 10, 31), 2, a_day=300, header=header))
        for header in (make_cdrs.HEADER, make_cdrs.SWAPPED)
    ]
    seen = [[read(text, header) for text in texts] for header, *texts in orders]
    assert seen[0] == seen[1]
    assert len(seen[0]) > 80
    assert all(isinstance(row, CallRow) for row in seen[0])
    kinds = {row.kind for row in seen[0] if isinstance(row, CallRow)}
    assert kinds >= {"inbound", "outbound", "toll_free", "message"}


def test_the_sample_is_the_same_on_every_machine() -> None:
    made = [list(make_cdrs.lines([TO], date(2026, 11, 1), 2, a_day=50)) for _ in range(2)]
    assert made[0] == made[1]
    stamps = [text.split(";")[1] for text in made[0][1:]]
    assert all(a <= b for a, b in pairwise(stamps))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_mark_of_the_encoding_do_not_matter(at_reseller, end, mark) -> None:
    forget_charges()
    text = mark + end.join((HEADER, line("a", TO), "", line("b", TO), ""))
    row = importing.run(io.BytesIO(text.encode()), "a.CDR", by=BY)
    assert (row.added, row.bad) == (2, 0)


def test_quoted_cells_may_hold_the_separator() -> None:
    row = read(line("a", TO).replace(";PA;", ';"P;A";', 1))
    assert isinstance(row, CallRow)
    assert row.transaction_id == "a"


def test_a_line_of_a_megabyte_stands_aside_and_the_next_is_read(at_reseller) -> None:
    forget_charges()
    row = load(line("a", TO), "x" * 3_000_000, line("b", TO))
    assert (row.added, row.bad) == (2, 1)
    kept = db.session.scalars(select(CdrReject)).one()
    assert kept.reason == "The line has more than 4,000 characters."
    assert len(kept.text) == 4_000


def test_a_file_in_another_encoding_is_refused_with_what_to_do(at_reseller) -> None:
    content = io.BytesIO(file_of(line("a", TO)).getvalue().decode().encode("utf-16"))
    row = importing.run(content, "a.CDR", by=BY)
    assert row.state is ImportState.REFUSED
    assert row.problem == "The file is in UTF-16. Save it as UTF-8 and send it again."


def test_a_file_that_unpacks_beyond_belief_is_refused(at_reseller, monkeypatch) -> None:
    monkeypatch.setattr(pieces, "FREE", 1 << 20)
    bomb = gzip.compress(HEADER.encode() + b"\n" + b"\n" * (32 << 20))
    row = importing.run(io.BytesIO(bomb), "bomb.gz", by=BY)
    assert row.problem == "The file unpacks to far more than it holds. Send it unpacked."
    assert db.session.query(Call).count() == 0


def test_a_file_beyond_the_largest_size_is_refused(at_reseller, monkeypatch) -> None:
    monkeypatch.setattr(pieces, "MOST_BYTES", 1 << 20)
    row = importing.run(io.BytesIO(HEADER.encode() + b"\n" * (2 << 20)), "big.CDR", by=BY)
    assert row.state is ImportState.REFUSED


@pytest.mark.parametrize(
    ("typed", "micros"),
    [
        ("0.0000005", 1),
        ("0.0000004", 0),
        ("1E-05", 10),
        ("1.5", 1_500_000),
        ("", 0),
        (" 2 ", 2_000_000),
    ],
)
def test_money_is_read_exactly_and_rounded_half_up(typed: str, micros: int) -> None:
    row = read(line("a", TO, price=typed))
    assert isinstance(row, CallRow)
    assert row.cost_micros == micros


def local(at: str) -> CallRow | BadRow | None:
    """Read a time of New York, written as Americans do."""
    profile = Profile(
        **{**VOIP_INNOVATIONS.__dict__, "time_formats": ("%m/%d/%Y %H:%M:%S",)}
        | {"time_zone": "America/New_York"}
    )
    return Lines(HEADER, profile, now()).read(2, line("a", TO, at=at).encode())


def test_local_times_are_read_around_a_change_of_clock() -> None:
    """Of the hour that comes twice the first is meant; one that was skipped is no time."""
    stamps = [local(f"11/01/2026 {at}").stamp[11:19] for at in ("00:59:59", "01:30:00", "02:00:00")]  # type: ignore[union-attr]
    assert stamps == ["04:59:59", "05:30:00", "07:00:00"]
    skipped = local("03/08/2026 02:30:00")
    assert isinstance(skipped, BadRow)
    assert skipped.reason == "03/08/2026 02:30:00 was skipped when the clock changed."


FUZZ = settings(
    derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), max_examples=300
)


@FUZZ
@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    """Whatever stands in a line, it is a call, a bad line with a sentence, or blank."""
    found = READER.read(7, raw.replace(b"\n", b" "))
    if isinstance(found, BadRow):
        assert found.line == 7
        assert found.reason.endswith(".")
        assert "\0" not in found.text
        assert len(found.reason) <= 255


CELLS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["-1", "1.5", "NaN", "1e9", "١٢", "1_0", "=1+1", "\0", '"', "2026-02-30", "+"]),
)


@FUZZ
@given(st.integers(0, 19), CELLS)
def test_no_cell_breaks_the_reader(place: int, cell: str) -> None:
    """A call that is read has whole seconds and money that are not negative, and a known kind."""
    cells = line("a", TO).split(";")
    cells[place] = cell
    found = READER.read_text(2, ";".join(cells))
    if isinstance(found, CallRow):
        assert found.seconds >= 0
        assert found.cost_micros >= 0
        assert 1 <= len(found.transaction_id) <= 80
        assert len(found.ani) <= 20
        assert len(found.dnis) <= 20
        assert "2000-01-01" <= found.stamp < "2026-11-27"


@FUZZ
@given(st.lists(st.tuples(st.integers(0, 19), CELLS), max_size=8))
def test_a_bunch_is_read_as_its_lines_one_by_one(changes: list[tuple[int, str]]) -> None:
    """Looking cells up by the bunch gives what reading each line alone does, bad ones too."""
    lines = [line(f"a{n}", TO).split(";") for n in range(len(changes))]
    for cells, (place, cell) in zip(lines, changes, strict=True):
        cells[place] = cell
    texts = [line("first", TO), *(";".join(cells) for cells in lines), "", line("last", TO) + "\r"]
    raws = [text.encode("utf-8", "surrogateescape") for text in texts for _ in range(2)]
    alone = [READER.read(number, raw) for number, raw in enumerate(raws, 2)]
    assert READER.read_all(2, raws) == [row for row in alone if row is not None]


ENDLESS = st.characters(codec="utf-8", exclude_characters="\n\r")


@FUZZ
@given(st.lists(st.text(ENDLESS, max_size=30), max_size=40))
def test_cutting_a_file_into_lines_loses_none(texts: list[str]) -> None:
    """The pieces give every line once, in order, with the place where the next begins."""
    content = "\n".join(texts).encode()

    class Small:
        """Pieces of seven bytes, as a database would give them."""

        @staticmethod
        def after(start: int):  # type: ignore[no-untyped-def]
            yield from (content[at : at + 7] for at in range(start, len(content), 7))

    before, pieces._from = pieces._from, lambda _id, start: Small.after(start)
    try:
        for start in (0, *(at + 1 for at, sign in enumerate(content) if sign == 10)):
            found, ends = [], [start]
            for lines, end in pieces.bunches(1, start, 3):
                found += lines
                ends.append(end)
            assert b"\n".join(found) == content[start:].removesuffix(b"\n")
            assert ends[-1] == len(content)
            assert ends == sorted(ends)
    finally:
        pieces._from = before


def test_what_is_exported_of_bad_lines_can_be_read_as_csv(at_reseller) -> None:
    forget_charges()
    load(line("a", TO), '"=cmd|;x', line("b", TO))
    kept = db.session.scalars(select(CdrReject.text)).all()
    out = io.StringIO()
    csv.writer(out).writerow(kept)
    assert next(csv.reader(io.StringIO(out.getvalue()))) == ['"=cmd|;x']
    assert db.session.scalar(select(func.count(Call.id))) == 2


def test_the_committed_broken_file_is_what_the_script_makes() -> None:
    file = Path(make_cdrs.__file__).with_name("calls_broken.CDR")
    assert file.read_bytes() == make_cdrs.broken(TO)
