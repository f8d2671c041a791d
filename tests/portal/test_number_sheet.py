"""Whatever a service is set to, the file that we write says it, and we read the same back (P26)."""

import csv
import io
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import catalog
import sheets
from catalog import Invalid, Service
from did_import import FileProblem
from portal import number_sheet

NUMBER = "+14125550190"
OTHER = {
    "forward_to": "+16145550171",
    "failover_to": "+16145550171",
    "email": "a@b.example",
    "pin": "1",
    "display_name": "ACME",
}
ALL = list(catalog.SERVICES.values())

digits = st.text("0123456789", max_size=8)
phones = st.from_regex(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True)
signs = st.sampled_from(["", "'", "''", "=", "+", "-", "@", "'=", "'+1", "0", "\"'-", "'0"])
emails = st.builds(
    lambda sign, name: f"{sign}{name}@x.example",
    signs,
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20),
)
typed = st.fixed_dictionaries(
    {
        "forward_to": phones,
        "failover_to": phones,
        "email": emails,
        "pin": digits,
        "display_name": st.from_regex(r"[A-Za-z0-9 ]{1,15}", fullmatch=True),
    }
)


def valid(service: Service, values: dict[str, str]) -> Any:
    """Give what the values set a service to; None where they cannot be."""
    try:
        return service.clean(values, NUMBER)
    except Invalid:
        return None


def as_file(app: Flask, rows: list[list[str]]) -> bytes:
    with app.test_request_context():
        return sheets.download("numbers.csv", number_sheet.headings(ALL), rows).get_data()


def row_of(wanted: dict[str, Any], label: str) -> list[str]:
    cells = [cell for one in ALL for cell in number_sheet.cells(one, wanted.get(one.key))]
    return ["(412) 555-0190", label, *map(number_sheet.written, cells)]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values=typed, on=st.sets(st.sampled_from(sorted(catalog.SERVICES))), label=st.text())
def test_what_is_written_is_read_back_for_any_setting(
    migrated_app: Flask, values: dict[str, str], on: set[str], label: str
) -> None:
    wanted = {one.key: valid(one, values) for one in ALL if one.key in on}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    content = as_file(migrated_app, [row_of(wanted, label)])
    (wish,) = number_sheet.read(content.replace(b"\0", b""), ALL).wishes
    assert (wish.number, wish.problem) == (NUMBER, None)
    for one in ALL:
        # What is now is of no help here: the cells alone must say it.
        other = None if wanted.get(one.key) is not None else OTHER
        back = number_sheet.wanted(one, wish.cells[one.key], other, NUMBER)
        assert back == wanted.get(one.key)
        now = wanted.get(one.key)
        assert number_sheet.wanted(one, wish.cells[one.key], now, NUMBER) == now


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=40))
def test_a_text_that_was_made_safe_comes_back_as_it_was(text: str) -> None:
    line = io.StringIO()
    csv.writer(line).writerow([sheets.plain_cell(text), "end"])
    (row,) = csv.reader(io.StringIO(line.getvalue(), newline=""))
    assert sheets.unquoted(row[0]) == text


def refusal(content: bytes) -> Any:
    """Give the sentence with which a file is refused; None when it is read."""
    try:
        number_sheet.read(content, ALL)
    except FileProblem as problem:
        return str(problem)
    return None


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_a_sentence(content: bytes) -> None:
    heading = ",".join(number_sheet.headings(ALL)).encode() + b"\n"
    for whole in (content, heading + content):
        assert refusal(whole) is None or refusal(whole).endswith(".")
