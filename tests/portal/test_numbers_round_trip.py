"""Whatever cells of the downloaded file are changed, the page says and sends exactly that (P26).

Numbers go down, some cells become something else, hostile ones too, and the file goes up by the
form. What must come of it is worked out here from the cells alone.
"""

import csv
import io
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from webtest import Upload

import catalog
import tenancy
from carriers import inventory
from extensions import db
from models import Did, DidGroup, DidService, Order
from tests.conftest import empty_all_tables
from tests.portal.test_numbers_csv import FAILOVER, FORWARD, HEADINGS, NAME, UPLOAD, download
from tests.support import cast
from tests.support.web import Visitor

LABEL = "Label"
FIRST, SECOND, THIRD = NUMBERS = ("(412) 555-0101", "(412) 555-0102", "(412) 555-0190")
COLUMNS = {FORWARD: "call_forwarding", FAILOVER: "failover", NAME: "cnam_outbound"}
FIELDS = {
    "call_forwarding": "forward_to",
    "failover": "failover_to",
    "cnam_outbound": "display_name",
}
NOW: dict[str, dict[str, Any]] = {
    FIRST: {"call_forwarding": {"forward_to": "+16145550171"}},
    SECOND: {"cnam_outbound": {"display_name": "ACME"}},
    THIRD: {},
}
LABELS = {FIRST: "=1+1", SECOND: "'007", THIRD: None}

WRONG = "wrong"
PHONES = {
    "": None,
    "614.555.0171": "+16145550171",
    " 1 (614) 555-0172 ": "+16145550172",
    "'6145550173": "+16145550173",
    **dict.fromkeys(("911", "=1+1", "@SUM(A1)", "<script>", "900 555 0100", "x\ny", "'=2"), WRONG),
}
NAMES = {
    "": None,
    "acme": "ACME",
    " Front  desk": "FRONT DESK",
    "A1": "A1",
    **dict.fromkeys(("=HYPERLINK(1)", "x" * 16, 'a,"b"', "a;b\tc", "+1", "{{7*7}}", "é"), WRONG),
}
"""What is typed, and what it asks for; None takes the service away."""

label_texts = st.one_of(
    st.sampled_from(["", "=1+1", "'=1", "007", "'007", "-5", 'a,"b";c\td', "x" * 81, "@x", "\n"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=90),
)
cells = st.fixed_dictionaries(
    {},
    optional={
        FORWARD: st.sampled_from(sorted(PHONES)),
        FAILOVER: st.sampled_from(sorted(PHONES)),
        NAME: st.sampled_from(sorted(NAMES)),
        LABEL: label_texts,
    },
)
edits = st.fixed_dictionaries({}, optional=dict.fromkeys(NUMBERS, cells))


@dataclass
class Expected:
    """What must come of a line of the file."""

    is_wrong: bool = False
    asked: dict[str, Any] = field(default_factory=dict)
    label: str | None = None
    """The label after it."""


def expected(number: str, typed: dict[str, str]) -> Expected:
    """Work out what changed cells ask of a number."""
    found, now = Expected(label=LABELS[number]), NOW[number]
    for heading, service in COLUMNS.items():
        if heading in typed:
            wanted = (NAMES if heading == NAME else PHONES)[typed[heading]]
            found.is_wrong |= wanted == WRONG
            settings_ = None if wanted is None else {FIELDS[service]: wanted}
            if settings_ != now.get(service):
                found.asked[service] = settings_
    after = now | found.asked
    found.is_wrong |= bool(after.get("call_forwarding") and after.get("failover"))
    if found.asked.get("failover") and found.asked.get("call_forwarding", 1) is None:
        del found.asked["call_forwarding"]  # Failover takes its place: that is one change.
    if LABEL in typed:
        found.label = called(typed[LABEL])
        found.is_wrong |= len(found.label or "") > 80
    return found


def called(text: str) -> str | None:
    """Read a label without the apostrophe that stands before a formula or digits."""
    text = text.strip()
    if text.startswith("'") and (text[1:].isdigit() or text[1:].startswith(("=", "+", "-", "@"))):
        text = text[1:]
    kept = "".join(one for one in text if (ord(one) >= 32 or one in "\t\n") and one != "\x7f")
    return " ".join(kept.split()) or None


def make_world() -> cast.Story:
    """Give Acme three numbers, two with a service and a label of its own."""
    story = cast.make()
    with tenancy.acting_for(story.reseller_id):
        group = db.session.get_one(DidGroup, story.acme_group.id)
        for did in db.session.scalars(select(Did).where(Did.number.in_(story.free[:2]))).all():
            inventory.give_did(did, group)
        db.session.flush()
        for did in db.session.scalars(select(Did).where(Did.client_id == story.acme.id)).all():
            shown = shown_as(did.number)
            did.client_label = LABELS[shown]
            for service, value in NOW[shown].items():
                place = catalog.SERVICES[service].place
                row = DidService(did=did, service=service, slot=place, settings=value)
                row.reseller_id = did.reseller_id
                db.session.add(row)
        db.session.commit()
    db.session.remove()
    return story


def shown_as(number: str) -> str:
    return f"({number[2:5]}) {number[5:8]}-{number[8:]}"


def changed_file(browser: Any, typed: dict[str, dict[str, str]], separator: str) -> bytes:
    """Download the file and write other cells, as a spreadsheet saves it."""
    heading, *rows = download(browser)
    assert (heading, [row[0] for row in rows]) == (HEADINGS, list(NUMBERS))
    for row in rows:
        for name, text in typed.get(row[0], {}).items():
            row[heading.index(name)] = text
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([heading, *rows])
    return text.getvalue().encode()


def counts(page: Any) -> str:
    text = " ".join(page.html.select_one("main").get_text(" ").split())
    return text[: text.index(" Nothing is sent yet")].split("file ")[-1]


def said(page: Any) -> list[tuple[str, str]]:
    """List which number and which service each line of the preview names."""
    rows = page.html.select("#changed tbody tr")
    return [
        (
            row.th.get_text(strip=True),
            row.find("td", {"data-label": "Service"}).get_text(strip=True),
        )
        for row in rows
    ]


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(typed=edits, separator=st.sampled_from([",", ";", "\t"]))
@example(typed={}, separator=",")
@example(typed={FIRST: {FORWARD: "", FAILOVER: "614.555.0171"}}, separator=";")
@example(typed={FIRST: {FAILOVER: "614.555.0171"}, THIRD: {LABEL: "=1+1"}}, separator=",")
@example(typed={FIRST: {LABEL: ""}, SECOND: {NAME: "", LABEL: "x" * 81}}, separator="\t")
def test_the_page_says_and_sends_exactly_what_was_changed(
    migrated_app: Flask, typed: dict[str, dict[str, str]], separator: str
) -> None:
    with migrated_app.app_context():
        empty_all_tables()
        story = make_world()
    browser = Visitor(migrated_app).sign_in(story.bob)
    form = browser.get(UPLOAD).forms["upload-numbers"]
    form["file"] = Upload("numbers.csv", changed_file(browser, typed, separator), "text/csv")
    page = form.submit(status=200)
    wanted = {number: expected(number, typed.get(number, {})) for number in NUMBERS}
    right = {number: one for number, one in wanted.items() if not one.is_wrong}
    changed = [n for n, one in right.items() if one.asked or one.label != LABELS[n]]
    assert sorted({number for number, _ in said(page)}) == changed
    assert len(page.html.select("#wrong li")) == len(wanted) - len(right)
    assert len(said(page)) == sum(
        len(one.asked) + (one.label != LABELS[number]) for number, one in right.items()
    )
    assert ("send-sheet" in page.forms) == bool(changed)
    if changed:
        page.forms["send-sheet"].submit(status=303)
    with migrated_app.app_context(), tenancy.acting_for(story.reseller_id):
        assert sent() == orders_of(right)
        labels = dict(db.session.execute(select(Did.number, Did.client_label)).all())
        for number in NUMBERS:
            label = right[number].label if number in right else LABELS[number]
            assert labels["+1" + "".join(filter(str.isdigit, number))] == label
        empty_all_tables()


def sent() -> dict[str, dict[str, Any]]:
    """Give what the orders in the table ask, by service and number."""
    return {
        order.kind: {shown_as(line.number): line.requested[order.kind] for line in order.lines}
        for order in db.session.query(Order)
    }


def orders_of(right: dict[str, Expected]) -> dict[str, dict[str, Any]]:
    """Give what the orders must ask, by service and number."""
    found: dict[str, dict[str, Any]] = {}
    for number, one in right.items():
        for service, value in one.asked.items():
            found.setdefault(service, {})[number] = value
    return found
