"""Call files on screen: how far they are, bad lines put right, formats described from a sample."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from webtest import Upload

import background
from columns import now
from extensions import db
from models import (
    AuditEntry,
    Call,
    CdrImport,
    CdrProfile,
    CdrReject,
    ImportState,
    UsageDay,
    WebSession,
)
from tests.support.calls import file_of, forget_charges, line, load

FILES, FORMATS = "/admin/call-files", "/admin/call-file-formats"
SAMPLE = (
    "id,direction,from,to,start,duration,cost\n"
    "k1,In,+12125550147,{to},11/10/2026 15:00:00,61,0.5\n"
    "k2,Out,{to},+12125550147,11/10/2026 16:00:00,12,1.25\n"
)


@pytest.fixture
def imported(look, story) -> int:  # type: ignore[no-untyped-def]
    """A file of Acme's with two bad lines among three good ones; gives its id."""
    with look():
        forget_charges()
        good = [line(str(n), story.acme_number) for n in range(3)]
        bad = [line("x", story.acme_number, seconds="abc"), line("y", "nobody")]
        return load(*good, *bad).id


def standing(look, import_id: int) -> tuple[int, int, int]:  # type: ignore[no-untyped-def]
    """Tell an import's new calls and bad lines, and how many calls the sums count."""
    with look():
        row = db.session.get_one(CdrImport, import_id)
        summed = db.session.scalar(select(func.coalesce(func.sum(UsageDay.calls), 0)))
        assert summed == db.session.scalar(select(func.count(Call.id)))
        return row.added, row.bad, int(summed)


def rejects(look, import_id: int) -> list[int]:  # type: ignore[no-untyped-def]
    with look():
        mine = select(CdrReject.id).where(CdrReject.cdr_import_id == import_id)
        return list(db.session.scalars(mine.order_by(CdrReject.line)))


# --- How far it is --------------------------------------------------------------------------


def test_a_page_asks_how_far_an_import_is(visitor, alice, app, story) -> None:
    browser = visitor(alice)
    form = browser.get(f"{FILES}/new/").forms["upload"]
    form["file"] = Upload("a.CDR", file_of(line("a", story.acme_number)).getvalue())
    page = form.submit().follow()
    address = page.html.select_one("[data-live]")["data-live"]
    assert browser.get(address).json == {
        **{"is_open": True, "percent": 0, "said": "It waits to be read.", "lines": "0"},
        **{"left": "1", "added": "0", "repeated": "0", "bad": "0", "unassigned": "0"},
    }
    background.turn(app)
    told = browser.get(address).json
    assert (told["is_open"], told["percent"], told["lines"]) == (False, 100, "1")


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ("resting", "Reading it failed. It is tried again by itself in a few minutes. 3 new calls"),
        ("dead", "Nobody reads it at the moment. It goes on by itself where it was. 3 new calls"),
    ],
)
def test_a_file_that_is_not_read_on_says_so(
    visitor, alice, imported, look, owner: str, said: str
) -> None:
    left = now() + timedelta(minutes=-1 if owner == "dead" else 4)
    with look():
        running = {"state": ImportState.RUNNING, "lease_owner": owner, "leased_until": left}
        db.session.execute(update(CdrImport).values(**running))
        db.session.commit()
    told = visitor(alice).get(f"{FILES}/progress?id={imported}").json
    assert told["said"].startswith(said)
    assert told["is_open"]


def test_asking_how_far_it_is_keeps_nobody_signed_in(visitor, alice, imported, look) -> None:
    browser = visitor(alice)
    before = now() - timedelta(minutes=20)
    with look():
        db.session.execute(update(WebSession).values(seen_at=before))
        db.session.commit()
    browser.get(f"{FILES}/progress?id={imported}")
    with look():
        assert db.session.scalar(select(WebSession.seen_at)) == before
    browser.get(f"{FILES}/details/?id={imported}")
    with look():
        assert db.session.scalar(select(WebSession.seen_at)) > before


def test_an_upload_with_a_progress_bar_is_answered_in_json(visitor, alice, look) -> None:
    browser = visitor(alice)
    form = browser.get(f"{FILES}/new/").forms["upload"]
    form["file"] = Upload("a.csv", b"a,b\n1,2\n")
    answer = form.submit(headers={"X-Upload": "progress"}, status=422)
    assert answer.json["problem"].startswith("The first line lacks CallType")
    form["file"] = Upload("a.CDR", file_of(line("a", "+14125550190")).getvalue())
    answer = form.submit(headers={"X-Upload": "progress"})
    with look():
        newest = db.session.scalar(select(func.max(CdrImport.id)))
    assert answer.json == {"address": f"{FILES}/details/?id={newest}"}


def test_a_call_file_may_be_larger_than_other_uploads(visitor, alice, app, monkeypatch) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 20_000)
    monkeypatch.setitem(app.config, "MAX_CALL_FILE", 60_000)
    browser = visitor(alice)
    form = browser.get(f"{FILES}/new/").forms["upload"]
    content = file_of(*(line(str(n), "+14125550190") for n in range(200))).getvalue()
    assert 20_000 < len(content) < 50_000
    form["file"] = Upload("a.CDR", content)
    form.submit(status=302)


# --- Bad lines put right --------------------------------------------------------------------


def test_bad_lines_are_put_right_where_they_stand(visitor, alice, imported, look, story) -> None:
    browser = visitor(alice)
    form = browser.get(f"{FILES}/details/?id={imported}").forms["put-right"]
    first, _ = rejects(look, imported)
    form[f"text-{first}"] = line("x", story.acme_number, seconds=30)
    page = form.submit().follow()
    assert "1 line put right; 1 still bad." in page.text
    assert standing(look, imported) == (4, 1, 4)
    with look():
        kept = db.session.get_one(CdrReject, first)
        assert (kept.text, kept.settled_at is not None) == (
            line("x", story.acme_number, seconds="abc"),
            True,
        )
        last = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (last.action, last.by_name) == ("cdr_import.corrected", "Alice")


def test_sending_a_correction_twice_adds_one_call(visitor, alice, imported, look, story) -> None:
    browser = visitor(alice)
    form = browser.get(f"{FILES}/details/?id={imported}").forms["put-right"]
    first, _ = rejects(look, imported)
    form[f"text-{first}"] = line("x", story.acme_number, seconds=30)
    form.submit()
    form.submit()
    assert standing(look, imported) == (4, 1, 4)


def test_a_line_put_right_that_is_known_already_counts_so(
    visitor, alice, imported, look, story
) -> None:
    form = visitor(alice).get(f"{FILES}/details/?id={imported}").forms["put-right"]
    form[f"text-{rejects(look, imported)[0]}"] = line("0", story.acme_number)
    page = form.submit().follow()
    assert "1 line put right, 1 of them known already; 1 still bad." in page.text
    assert standing(look, imported) == (3, 1, 3)


def test_what_is_still_bad_keeps_what_was_typed_with_the_new_reason(
    visitor, alice, imported, look, story
) -> None:
    form = visitor(alice).get(f"{FILES}/details/?id={imported}").forms["put-right"]
    first = rejects(look, imported)[0]
    form[f"text-{first}"] = line("x", story.acme_number, seconds=-5)
    page = form.submit().follow()
    assert "2 lines are still bad" in page.text
    assert page.forms["put-right"][f"text-{first}"].value == line(
        "x", story.acme_number, seconds=-5
    )
    assert "CallDuration -5 cannot be." in page.text
    assert standing(look, imported) == (3, 2, 3)


def test_lines_of_a_format_that_is_gone_stay_and_say_so(
    visitor, alice, imported, look, story
) -> None:
    browser = visitor(alice)
    form = browser.get(f"{FILES}/details/?id={imported}").forms["put-right"]
    with look():
        db.session.get_one(CdrImport, imported).profile = "gone"
        db.session.commit()
    page = form.submit(status=422)
    assert "The format of this file is gone. Describe it again" in page.text
    assert standing(look, imported) == (3, 2, 3)


def test_the_corrected_csv_is_imported(visitor, alice, imported, look, story) -> None:
    browser = visitor(alice)
    page = browser.get(f"{FILES}/details/?id={imported}")
    rows = list(csv.reader(io.StringIO(page.click("Bad lines as CSV").text)))
    rows[1][2] = rows[1][2].replace("abc", "61")
    rows[2][2] = rows[2][2].replace("nobody", story.acme_number)
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    form = page.forms["corrected"]
    form["file"] = Upload("bad-lines.csv", b"\xef\xbb\xbf" + out.getvalue().encode())
    assert "2 lines put right." in form.submit("upload").follow().text
    assert standing(look, imported) == (5, 0, 5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Choose the corrected file first."),
        (b"a,b\n1,2\n", "The first line must name the columns line, reason and text."),
        (b"line,reason,text\n77,x,y\n", "This import has no bad line 77."),
        (b"line,reason,text\n\xff,x,y\n", "The file is not in UTF-8. Save it as CSV in UTF-8."),
    ],
)
def test_another_file_is_refused_beside_the_field(
    visitor, alice, imported, look, content: bytes, said: str
) -> None:
    form = visitor(alice).get(f"{FILES}/details/?id={imported}").forms["corrected"]
    if content:
        form["file"] = Upload("x.csv", content)
    page = form.submit("upload", status=422)
    assert page.html.find(id="corrected-problem").get_text() == said
    assert standing(look, imported) == (3, 2, 3)


def test_a_formula_in_a_bad_line_is_inert_and_comes_back_as_it_was(
    visitor, alice, story, look
) -> None:
    with look():
        forget_charges()
        text = "=1+1;" + line("f", story.acme_number).partition(";")[2]
        row_id = load(line("a", story.acme_number), text).id
    page = visitor(alice).get(f"{FILES}/details/?id={row_id}")
    content = page.click("Bad lines as CSV")
    assert next(csv.reader(io.StringIO(content.text.splitlines()[1])))[2] == f"'{text}"
    form = page.forms["corrected"]
    form["file"] = Upload("x.csv", content.body)
    form.submit("upload").follow()
    with look():
        kept = db.session.scalars(select(CdrReject)).one()
        assert (kept.text, kept.corrected) == (text, None)


def test_victor_cannot_put_lines_right(visitor, victor, imported, look) -> None:
    browser = visitor(victor)
    page = browser.get(f"{FILES}/details/?id={imported}")
    assert not page.html.select("textarea")
    assert "corrected" not in page.forms
    token = page.html.find("input", {"name": "csrf_token"})["value"]
    fields = {"csrf_token": token, "again": "1"}
    browser.post(f"{FILES}/put-right?id={imported}", fields, status=403)
    assert standing(look, imported) == (3, 2, 3)


# --- Formats --------------------------------------------------------------------------------


def describe(browser: Any, text: str, **typed: str) -> Any:
    """Upload a sample and fill the form that comes back."""
    form = browser.get(f"{FORMATS}/").forms["sample-form"]
    form["file"] = Upload("sample.csv", text.encode())
    form = form.submit().forms["format"]
    for name, value in typed.items():
        form[name.replace("__", "-")].force_value(value)
    return form.submit(expect_errors=True)


def test_a_format_is_described_from_a_sample_and_read_by(visitor, alice, story, app, look) -> None:
    sample = SAMPLE.format(to=story.acme_number)
    browser = visitor(alice)
    typed = {"name": "Other Carrier", "time_format": "%m/%d/%Y %H:%M:%S"}
    page = describe(browser, sample, time_zone="America/New_York", **typed).follow()
    assert "Other Carrier is saved." in page.text
    form = browser.get(f"{FILES}/new/").forms["upload"]
    form["format"] = "other_carrier"
    form["file"] = Upload("x.csv", sample.encode())
    form.submit()
    background.turn(app)
    with look():
        calls = db.session.scalars(select(Call).order_by(Call.transaction_id)).all()
        seen = [(c.kind.value, f"{c.started_at:%H:%M}", c.seconds, c.cost_micros) for c in calls]
    assert seen == [("inbound", "20:00", 61, 500_000), ("outbound", "21:00", 12, 1_250_000)]


def test_two_formats_of_one_carrier_count_a_call_once(visitor, alice, story, app, look) -> None:
    sample, browser = SAMPLE.format(to=story.acme_number), visitor(alice)
    other = sample.replace(",", ";")
    for name, text in (("Old", sample), ("New", other)):
        describe(browser, text, name=name, carrier="Acme Tel", time_format="%m/%d/%Y %H:%M:%S")
        form = browser.get(f"{FILES}/new/").forms["upload"]
        form["format"] = name.lower()
        form["file"] = Upload(f"{name}.csv", text.encode())
        form.submit(status=302)
        background.turn(app)
    with look():
        assert db.session.query(Call).count() == 2
        assert set(db.session.scalars(select(Call.source))) == {"acme_tel"}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "Write a name of at most 80 characters."),
        ("name", "a\tb", "Write a name of at most 80 characters."),
        ("time_format", "%s", "Choose a time format of the list."),
        ("time_zone", "../../etc/passwd", "Choose a time zone of the list."),
        ("delimiter", "ab", "Choose a separator of the list."),
        ("unit_micros", "9" * 30, "Choose a unit of the list."),
        ("column-ani", "", "Name the column that has the from number."),
        ("column-ani", "to", "to is named twice."),
        ("words-outbound", "in", "in stands for another kind already."),
        ("words-inbound", "x" * 50, "Write at most 20 words of at most 40 characters each."),
    ],
)
def test_what_a_format_cannot_be_is_said_beside_the_field(
    visitor, alice, look, field: str, value: str, said: str
) -> None:
    typed = {"name": "Mine", "time_format": "%m/%d/%Y %H:%M:%S"} | {field: value}
    page = describe(visitor(alice), SAMPLE.format(to="+14125550190"), **typed)
    assert page.status_int == 422
    beside = [tag.get_text() for tag in page.html.select(".invalid-feedback")]
    assert said in beside
    with look():
        assert db.session.query(CdrProfile).count() == 0


def test_a_format_by_which_nothing_of_the_sample_can_be_read_is_refused(
    visitor, alice, look
) -> None:
    page = describe(visitor(alice), SAMPLE.format(to="+14125550190"), name="Mine")
    assert "No line of the sample can be read. Line 2: 11/10/2026 15:00:00 is no time." in page
    with look():
        assert db.session.query(CdrProfile).count() == 0


def test_a_format_is_changed_and_bad_lines_are_tried_again(
    visitor, alice, story, app, look
) -> None:
    sample, browser = SAMPLE.format(to=story.acme_number), visitor(alice)
    describe(browser, sample, name="Mine", time_format="%m/%d/%Y %H:%M:%S")
    form = browser.get(f"{FILES}/new/").forms["upload"]
    form["format"] = "mine"
    more = sample + sample.splitlines()[1].replace("In", "Fixed").replace("k1", "k3") + "\n"
    form["file"] = Upload("x.csv", more.encode())
    page = form.submit()
    background.turn(app)
    page = page.follow()
    edit = browser.get(f"{FORMATS}/").click("Mine").forms["format"]
    edit["words-inbound"] = "in, fixed"
    edit.submit().follow()
    assert "1 line put right." in page.forms["put-right"].submit("again").follow().text
    with look():
        assert db.session.query(Call).count() == 3


def test_a_format_goes_while_nothing_was_read_by_it(visitor, alice, story, look, app) -> None:
    browser = visitor(alice)
    for name in ("One", "Two"):
        describe(
            browser,
            SAMPLE.format(to=story.acme_number),
            name=name,
            time_format="%m/%d/%Y %H:%M:%S",
        )
    form = browser.get(f"{FILES}/new/").forms["upload"]
    form["format"] = "two"
    form["file"] = Upload("x.csv", SAMPLE.format(to=story.acme_number).encode())
    form.submit()
    one = browser.get(f"{FORMATS}/").click("One")
    assert "One is deleted." in one.forms["remove-format"].submit().follow().text
    two = browser.get(f"{FORMATS}/").click("Two")
    assert "remove-format" not in two.forms
    token = two.forms["format"]["csrf_token"].value
    with look():
        left = db.session.scalars(select(CdrProfile)).one()
    browser.post(f"{FORMATS}/remove?id={left.id}", {"csrf_token": token}, status=302)
    with look():
        assert db.session.scalars(select(CdrProfile.name)).all() == ["Two"]


def test_mallory_neither_sees_nor_uses_anothers_format(visitor, mallory, alice, look) -> None:
    describe(
        visitor(alice),
        SAMPLE.format(to="+14125550190"),
        name="Mine",
        time_format="%m/%d/%Y %H:%M:%S",
    )
    with look():
        row_id = db.session.scalar(select(CdrProfile.id))
    browser = visitor(mallory)
    assert "Mine" not in browser.get(f"{FORMATS}/").text
    browser.get(f"{FORMATS}/edit?id={row_id}", status=404)
