"""The screen that imports numbers: upload, preview, confirm, report; and whom it lets in."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from webtest import Upload

from carriers import inventory
from columns import now
from extensions import db
from models import AuditEntry, Client, Did, DidGroup, DidImport, Tier

SAMPLES = Path(__file__).parents[2] / "sample_data"
GOOD = b"TN,Tier,City,DID group\n412-555-0120,1,Erie,Spare\n412-555-0101,,Erie,\n"


def upload(browser, content=GOOD, name="numbers.csv", status=None):  # type: ignore[no-untyped-def]
    """Choose a file and press Preview."""
    form = browser.get("/admin/did-import/").forms["upload"]
    form["file"] = Upload(name, content)
    return form.submit(status=status)


def preview(browser, content=GOOD):  # type: ignore[no-untyped-def]
    """Upload and look at the preview."""
    return upload(browser, content).follow(status=200)


def numbers(look):  # type: ignore[no-untyped-def]
    with look():
        return {row.number: (row.city, row.client_id) for row in db.session.scalars(select(Did))}


def count(look, model):  # type: ignore[no-untyped-def]
    with look():
        return db.session.scalar(select(func.count(model.id)))


def text_of(page, element):  # type: ignore[no-untyped-def]
    return " ".join(page.html.select_one(element).get_text(" ").split())


@pytest.fixture
def browser(visitor, alice):  # type: ignore[no-untyped-def]
    """Alice's browser."""
    return visitor(alice)


# --- The way through --------------------------------------------------------------------------


def test_alice_uploads_looks_and_writes(browser, look):
    before = numbers(look)
    page = preview(browser)
    assert numbers(look) == before
    assert text_of(page, "#consequences") == (
        "1 number added, 1 changed, 0 left as they are. New DID groups: Spare."
    )
    assert page.forms["confirm"].html.button.get_text() == "Write 2 numbers"
    done = page.forms["confirm"].submit(status=302).follow()
    assert "2 numbers were written." in done
    assert numbers(look) == before | {
        "+14125550120": ("Erie", None),
        "+14125550101": ("Erie", None),
    }
    assert "confirm" not in done.forms
    assert done.html.find("a", string="See the numbers")["href"].startswith("/admin/dids/")


def test_the_preview_shows_each_change_from_and_to(browser):
    page = preview(browser).click("Changed")
    assert text_of(page, "#changed tbody tr") == "3 (412) 555-0101 City: Pittsburgh → Erie"


def test_a_refused_line_is_shown_with_the_reason(browser, look):
    before = numbers(look)
    page = preview(browser, b"TN,Tier\n12,1\n")
    assert text_of(page, "#refused tbody tr") == (
        "2 12 1 “12” is not a ten-digit number: it has 2 digits."
    )
    assert "confirm" not in page.forms
    assert numbers(look) == before


def test_whose_the_numbers_become_is_said_before_they_do(browser, look, acme):
    page = preview(browser, b"TN,DID group\n4125550101,Acme main\n")
    assert "1 number goes to Acme , by the group" in text_of(page, "#consequences")
    page.forms["confirm"].submit()
    assert numbers(look)["+14125550101"] == ("Pittsburgh", acme.id)


def test_unknown_tiers_are_created_only_when_ticked(browser, look):
    page = preview(browser, b"TN,Tier\n412-555-0120,99\n")
    assert "confirm" not in page.forms
    form = page.forms["tiers"]
    form["create_tiers"] = True
    page = form.submit().follow()
    assert count(look, Tier) == 1
    assert "New tiers, at no price until you set one: 99." in text_of(page, "#consequences")
    page.forms["confirm"].submit()
    assert count(look, Tier) == 2
    assert "+14125550120" in numbers(look)


def test_the_same_file_again_has_nothing_to_write(browser):
    preview(browser).forms["confirm"].submit()
    page = preview(browser)
    assert "confirm" not in page.forms
    assert text_of(page, "#nothing") == (
        "There is nothing to write: every number is already as the file says."
    )


def test_the_sample_can_be_imported(browser):
    sample = browser.get("/admin/did-import/sample.csv")
    page = preview(browser, sample.body)
    assert text_of(page, "#consequences").startswith("2 numbers added")
    assert "line is refused" in page, "the sample's second line has tier 2, which is not there"


def test_long_lists_are_cut_and_say_so(browser):
    page = preview(browser, (SAMPLES / "inventory.csv").read_bytes())
    assert len(page.html.select("#added tbody tr")) == 200
    assert "The first 200 of" in page


# --- Doing it twice, at once, too late --------------------------------------------------------


def test_a_second_confirmation_does_nothing(browser, look):
    page = preview(browser)
    page.forms["confirm"].submit()
    before, entries = numbers(look), count(look, AuditEntry)
    again = page.forms["confirm"].submit(status=302).follow()
    assert "This import was written already. Nothing was done twice." in again
    assert (numbers(look), count(look, AuditEntry)) == (before, entries)


def test_what_changed_since_the_preview_is_shown_and_not_written(browser, look, acme):
    with look():
        db.session.add(DidGroup(name="Spare"))
        db.session.commit()
    page = preview(browser)
    with look():
        group = db.session.scalars(select(DidGroup).where(DidGroup.name == "Spare")).one()
        inventory.give_group(group, db.session.get(Client, acme.id))
        db.session.commit()
    before = numbers(look)
    after = page.forms["confirm"].submit().follow()
    assert "Nothing was written: the inventory has changed." in after
    assert numbers(look) == before
    assert "1 number goes to Acme" in text_of(after, "#consequences")
    after.forms["confirm"].submit()
    assert numbers(look)["+14125550120"] == ("Erie", acme.id)


def test_another_tabs_preview_is_not_confirmed_by_this_one(browser, look):
    page = preview(browser, b"TN,Tier\n412-555-0120,99\n412-555-0121,1\n")
    form = page.forms["tiers"]
    form["create_tiers"] = True
    form.submit()
    after = page.forms["confirm"].submit().follow()
    assert "Nothing was written" in after
    assert "+14125550121" not in numbers(look)


def test_an_old_upload_is_dropped(browser, look):
    for n in range(22):
        upload(browser, b"TN,Tier\n412-555-0120,%d\n" % n)
    assert count(look, DidImport) == 20


def test_a_written_import_keeps_its_story_when_its_file_is_dropped(browser, look):
    first = preview(browser, GOOD + b"12,1,,\n")
    first.forms["confirm"].submit()
    for n in range(21):
        upload(browser, b"TN,Tier\n412-555-0120,%d\n" % n)
    assert "1 number added, 1 changed" in browser.get(first.request.path)
    gone = browser.get(f"{first.request.path}/report.csv?only=refused", status=404)
    assert "is not kept any more" in gone


# --- What is no list --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04", "This is an Excel workbook or a zip file, not a CSV file."),
        (b"Tier,City\n1,Erie\n", "No column holds the numbers."),
        (b"", "The file is empty."),
    ],
)
def test_what_is_no_list_is_refused_beside_the_field(browser, look, content, says):
    page = upload(browser, content, status=400)
    assert says in text_of(page, "#file-problem")
    assert count(look, DidImport) == 0


def test_no_file_at_all_is_told_beside_the_field(browser):
    form = browser.get("/admin/did-import/").forms["upload"]
    assert "Choose a file first." in text_of(form.submit(status=400), "#file-problem")


def test_a_file_that_is_too_large_gets_a_sentence(browser, look, app):
    content = b"TN,Tier\n" + b"x" * app.config["MAX_CONTENT_LENGTH"]
    form = browser.get("/admin/did-import/").forms["upload"]
    form["file"] = Upload("big.csv", content)
    page = form.submit(status=413)
    most = app.config["MAX_CONTENT_LENGTH"] // 1024**2
    assert f"too large; at most {most} MB can be sent at once." in page
    assert count(look, DidImport) == 0


def test_a_file_name_is_only_text(browser):
    page = upload(browser, GOOD, "<script>alert(1)</script>.csv").follow()
    assert b"<script>alert" not in page.body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.csv" in page.text


# --- The report -------------------------------------------------------------------------------


def test_the_report_has_every_line_and_refused_lines_alone(browser):
    page = preview(browser, (SAMPLES / "inventory_broken.csv").read_bytes())
    answer = page.click("Full report")
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert answer.content_type == "text/csv"
    assert [row[0] for row in rows[1:]] == [str(n) for n in range(2, 30)]
    refused = list(csv.reader(io.StringIO(page.click("Refused lines").text, newline="")))
    assert len(refused) == 1 + 26
    assert {row[1] for row in refused[1:]} == {"refused"}


# --- Whom it lets in --------------------------------------------------------------------------


def test_victor_may_not_import(visitor, victor, browser, look):
    page = preview(browser)
    before = numbers(look)
    other = visitor(victor)
    other.get("/admin/did-import/", status=403)
    other.get(page.request.path, status=403)
    other.post(
        f"{page.request.path}/confirm", page.forms["confirm"].submit_fields(), status=(400, 403)
    )
    assert numbers(look) == before


def test_mallory_cannot_reach_the_resellers_import(visitor, mallory, browser, look):
    page = preview(browser)
    other = visitor(mallory)
    before = numbers(look)
    index = other.get("/admin/did-import/")
    assert "numbers.csv" in browser.get("/admin/did-import/")
    assert "numbers.csv" not in index
    other.get(page.request.path, status=404)
    other.get(f"{page.request.path}/report.csv", status=404)
    token = {"csrf_token": index.forms["upload"]["csrf_token"].value}
    for verb in ("confirm", "preview"):
        other.post(f"{page.request.path}/{verb}", token, status=404)
    assert numbers(look) == before


def test_a_stranger_is_sent_to_sign_in(visitor):
    answer = visitor().get("/admin/did-import/", status=302)
    assert "/admin/login" in answer.location


@pytest.mark.parametrize("verb", ["confirm", "preview"])
def test_a_get_changes_nothing(browser, look, verb):
    page = preview(browser)
    before = numbers(look)
    browser.get(f"{page.request.path}/{verb}", status=405)
    assert numbers(look) == before


def test_without_a_token_nothing_is_written(browser, look):
    page = preview(browser)
    before = numbers(look)
    browser.post(f"{page.request.path}/confirm", {}, status=400)
    assert numbers(look) == before


@pytest.mark.parametrize("key", ["0", "999999", "9" * 30])
def test_an_import_that_is_not_there_is_not_found(browser, key):
    browser.get(f"/admin/did-import/{key}", status=404)


def test_a_confirmation_is_in_the_name_of_who_gave_it(browser, look):
    preview(browser).forms["confirm"].submit()
    with look():
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "numbers_imported")
        ).one()
        assert (entry.by_name, entry.ip) == ("Alice", "203.0.113.5")
        row = db.session.scalars(select(DidImport)).one()
        assert now() - row.applied_at < timedelta(minutes=1)
        assert re.fullmatch("[0-9a-f]{64}", row.digest)
