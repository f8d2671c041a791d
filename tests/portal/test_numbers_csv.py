"""The client's numbers as a CSV file and back: preview, orders, what is refused (P26, P15, P9)."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import select, update
from webtest import Upload

from carriers import inventory
from extensions import db
from models import (
    AuditEntry,
    Client,
    Did,
    DidGroup,
    DidService,
    Login,
    Mail,
    Order,
    PortalSettings,
    ServicePrice,
)
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.words import leaks_of

LIST = "/portal/keystone/numbers"
UPLOAD = "/portal/keystone/numbers/upload"
FORWARD, FAILOVER = "Call Forwarding: Forward to", "Failover: Fail over to"
NAME = "Caller ID Name: Name to show"
HEADINGS = ["Number", "Label", FORWARD, FAILOVER, NAME]


@pytest.fixture
def mine(look: Any, story: Story) -> list[str]:
    """Give Acme three more numbers, the last of them toll-free; gives all of its numbers."""
    with look():
        group = db.session.get_one(DidGroup, story.acme_group.id)
        more = (story.free[0], story.free[1], story.free[-1])
        for did in db.session.scalars(select(Did).where(Did.number.in_(more))).all():
            inventory.give_did(did, group)
        db.session.commit()
    return sorted([story.acme_number, *more])


def setting(look: Any, story: Story, **values: Any) -> None:
    with look():
        settings = db.session.get_one(Client, story.acme.id).order_settings
        for name, value in values.items():
            setattr(settings, name, value)
        db.session.commit()


def turn_on(look: Any, bob: Person, alice: Person, number: str, kind: str, **fields: str) -> None:
    with look():
        orders.approve(orders.ask(bob, number, kind=kind, **fields), alice)


def download(browser: Any, search: str = "") -> list[list[str]]:
    page = browser.get(LIST, {"q": search}).forms["download-numbers"].submit()
    return list(csv.reader(io.StringIO(page.text)))


def as_file(rows: list[list[str]], separator: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode()


def upload(browser: Any, content: bytes | list[list[str]], status: int = 200) -> Any:
    form = browser.get(UPLOAD).forms["upload-numbers"]
    data = content if isinstance(content, bytes) else as_file(content)
    form["file"] = Upload("numbers.csv", data, "text/csv")
    return form.submit(status=status)


def edited(browser: Any, changes: dict[str, dict[str, str]]) -> list[list[str]]:
    """Download the file and write other cells: ``changes`` maps a number to headings and texts."""
    heading, *rows = download(browser)
    for row in rows:
        for name, text in changes.get(row[0], {}).items():
            row[heading.index(name)] = text
    return [heading, *rows]


def words(page: Any, where: str) -> str:
    return " ".join(page.html.select_one(where).get_text(" ").split())


def nothing_was_sent(look: Any) -> bool:
    with look():
        return db.session.query(Order).count() == db.session.query(Mail).count() == 0


def services_of(look: Any, number: str) -> dict[str, Any]:
    with look():
        rows = db.session.query(DidService).join(DidService.did).filter_by(number=number)
        return {row.service: row.settings for row in rows}


# --- Down -------------------------------------------------------------------------------------


def test_the_file_has_a_column_for_each_field_that_may_be_changed(
    visitor, bob, alice, look, story, mine
) -> None:
    turn_on(look, bob, alice, mine[0], "call_forwarding", forward_to="6145550171")
    heading, *rows = download(visitor(bob))
    assert heading == HEADINGS
    assert rows[0] == ["(412) 555-0101", "", "(614) 555-0171", "", ""]
    assert [row[0] for row in rows[1:]] == ["(412) 555-0102", "(412) 555-0190", "(833) 555-0101"]


def test_the_file_is_of_the_search_and_taking_it_is_recorded(visitor, bob, look, mine) -> None:
    assert [row[0] for row in download(visitor(bob), "0190")[1:]] == ["(412) 555-0190"]
    with look():
        entry = db.session.query(AuditEntry).filter_by(action="numbers.exported").one()
        assert entry.changes == {"search": "“0190”", "numbers": 1}


def test_a_formula_in_a_label_stays_a_text(visitor, bob, look, story) -> None:
    with look():
        db.session.execute(update(Did).values(label="=1+1"))
        db.session.commit()
    assert download(visitor(bob))[1][1] == "'=1+1"


def test_a_service_without_a_field_says_on_or_off_and_a_pin_keeps_its_zeros(
    visitor, bob, alice, look, story
) -> None:
    setting(look, story, editable_services=["conference_line", "sms"])
    turn_on(look, bob, alice, story.acme_number, "conference_line", pin="0012")
    browser = visitor(bob)
    heading, row = download(browser)
    assert heading == [
        "Number",
        "Label",
        "Conference Line",
        "Conference Line: PIN",
        "Text Messages",
    ]
    assert row[2:] == ["On", "'0012", "Off"]
    assert "0 lines change something, 1 stays" in words(upload(browser, [heading, row]), "main")
    row[2:] = ["yes", "0012", "ON"]
    page = upload(browser, [heading, row])
    assert "Text Messages Off On" in words(page, "#changed tbody")
    row[2:] = ["Off", "0012", "Off"]
    page = upload(browser, [heading, row])
    assert "Conference Line: It is Off, but more is written." in words(page, "#wrong")


# --- Up: the preview --------------------------------------------------------------------------


def test_a_file_that_nobody_edited_changes_nothing(visitor, bob, alice, look, mine) -> None:
    turn_on(look, bob, alice, mine[0], "call_forwarding", forward_to="6145550171")
    turn_on(look, bob, alice, mine[1], "cnam_outbound", display_name="Acme")
    browser = visitor(bob)
    page = upload(browser, download(browser))
    assert "0 lines change something, 4 stay as they are, 0 are wrong" in words(page, "main")
    assert "send-sheet" not in page.forms


def test_each_line_is_unchanged_changed_or_wrong_and_nothing_is_written(
    visitor, bob, alice, look, mine
) -> None:
    turn_on(look, bob, alice, mine[1], "call_forwarding", forward_to="6145550171")
    browser = visitor(bob)
    changes = {
        "(412) 555-0101": {FORWARD: "614.555.0172", NAME: "acme dental"},
        "(412) 555-0102": {FORWARD: "", FAILOVER: "6145550173"},
        "(412) 555-0190": {FORWARD: "911"},
    }
    page = upload(browser, edited(browser, changes))
    rows = [" ".join(row.get_text(" ").split()) for row in page.html.select("#changed tbody tr")]
    assert rows == [
        "(412) 555-0101 2 Call Forwarding Off All calls to (614) 555-0172",
        "(412) 555-0101 2 Caller ID Name Off ACME DENTAL",
        "(412) 555-0102 3 Failover Off When unreachable, to (614) 555-0173 "
        "Turns off Call Forwarding",
    ]
    assert words(page, "#wrong") == (
        "Line 4, (412) 555-0190: Call Forwarding: Calls cannot be sent to 911."
    )
    assert "(833) 555-0101 (line 5)" in words(page, "#same")
    assert "This makes 3 orders" in words(page, "#send-sheet")
    with look():
        assert db.session.query(Order).count() == 1


@pytest.mark.parametrize("off", ["Off", "OFF", " off "])
def test_off_turns_a_service_off_and_is_the_name_of_nobody(
    visitor, bob, alice, look, mine, off: str
) -> None:
    turn_on(look, bob, alice, mine[0], "cnam_outbound", display_name="Acme")
    browser = visitor(bob)
    changes = {"(412) 555-0101": {NAME: off, FORWARD: off}, "(412) 555-0102": {NAME: off}}
    page = upload(browser, edited(browser, changes))
    rows = [" ".join(row.get_text(" ").split()) for row in page.html.select("#changed tbody tr")]
    assert rows == ["(412) 555-0101 2 Caller ID Name ACME Off"]
    assert page.html.find(id="wrong") is None


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["12", "", "", "", ""], "must have a ten-digit number"),
        (["4125550191", "", "", "", ""], "(412) 555-0191 is not one of Acme's numbers."),
        (["2125550170", "", "", "", ""], "(212) 555-0170 is not one of Acme's numbers."),
        (["4125550190", "", "614 555 0171"], "The line has 3 cells; the first line has 5."),
        (["4125550190", "", "6145550171", "6145550172", ""], "cannot be on together."),
        (["4125550190", "", "4125550190", "", ""], "A number cannot be sent to itself."),
        (["8335550101", "", "", "", "Acme"], "cannot have Caller ID Name."),
    ],
)
def test_a_wrong_line_says_what_is_wrong(
    visitor, bob, look, mine, line: list[str], sentence: str
) -> None:
    page = upload(visitor(bob), [HEADINGS, line])
    assert sentence in words(page, "#wrong")
    assert "send-sheet" not in page.forms
    assert nothing_was_sent(look)


def test_a_number_on_two_lines_is_wrong_on_both(visitor, bob, look, mine) -> None:
    lines = [["4125550190", "", "6145550171", "", ""], ["(412) 555-0190", "", "", "", ""]]
    page = upload(visitor(bob), [HEADINGS, *lines])
    assert words(page, "#wrong").count("stands on more than one line") == 2


def test_a_number_with_an_open_order_is_wrong(visitor, bob, look, story) -> None:
    with look():
        number = orders.ask(bob, story.acme_number, kind="call_forwarding", forward_to="6145550171")
    page = upload(visitor(bob), [HEADINGS, ["4125550190", "", "", "6145550172", ""]])
    assert f"already has an open order: {number} (Call Forwarding)." in words(page, "#wrong")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04abc", "This is an Excel workbook or a zip file, not a CSV file."),
        (b"Number\n4125550190\n", "The first line must name the columns"),
        (b"Label,Failover: Fail over to\na,b\n", "The first line must name the columns"),
        (b"Number,Number,Label\n", "The column Number stands twice."),
        (b"Number,a\0b\n", "This is not a text file."),
        (b"Number\n" + b"4125550190\n" * 5001, "The file has 5,001 lines; at most 5,000"),
        (b"x" * 1_000_001, "The file has more than 1 MB."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_beside_its_field(
    visitor, bob, look, content: bytes, sentence: str
) -> None:
    page = upload(visitor(bob), content, status=422)
    assert words(page, "#file-problem").startswith(sentence)
    assert nothing_was_sent(look)


def test_no_file_is_refused_beside_its_field(visitor, bob) -> None:
    page = visitor(bob).get(UPLOAD).forms["upload-numbers"].submit(status=422)
    assert words(page, "#file-problem") == "Choose the CSV file that you edited."


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_of_any_spreadsheet_is_read(
    visitor, bob, look, story, separator: str, encoding: str
) -> None:
    rows = [HEADINGS, ["4125550190", "Café", "", "", "Acme"]]
    content = as_file(rows, separator).decode().encode(encoding)
    assert "ACME" in words(upload(visitor(bob), content), "#changed tbody")


def test_columns_that_are_taken_out_stay_and_others_are_named(
    visitor, bob, alice, look, story
) -> None:
    turn_on(look, bob, alice, story.acme_number, "cnam_outbound", display_name="Acme")
    page = upload(
        visitor(bob), [["number", "failover:  fail over to", "Fax"], ["4125550190", "", "x"]]
    )
    assert "1 stays as it is" in words(page, "main")
    assert words(page, "#ignored").endswith("such a column: Fax.")


# --- Up: the orders ---------------------------------------------------------------------------


def test_one_button_sends_an_order_for_each_service(visitor, bob, alice, look, mine) -> None:
    turn_on(look, bob, alice, mine[1], "call_forwarding", forward_to="6145550171")
    browser = visitor(bob)
    changes = {
        "(412) 555-0101": {FORWARD: "6145550172", NAME: "Acme"},
        "(412) 555-0102": {FORWARD: ""},
        "(412) 555-0190": {NAME: "x" * 16},
    }
    form = upload(browser, edited(browser, changes)).forms["send-sheet"]
    assert "Send 2 orders, without the 1 wrong line" in form.text
    form["note"] = "From the file."
    assert "Orders O-000002 and O-000003 were sent." in form.submit().follow().text
    with look():
        first, second = orders.find("O-000002"), orders.find("O-000003")
        assert (first.kind, second.kind) == ("call_forwarding", "cnam_outbound")
        assert [line.requested for line in first.lines] == [
            {"call_forwarding": {"forward_to": "+16145550172"}},
            {"call_forwarding": None},
        ]
        assert first.client_note == second.client_note == "From the file."
        orders.approve("O-000002", alice)
        orders.approve("O-000003", alice)
    assert services_of(look, mine[0]) == {
        "call_forwarding": {"forward_to": "+16145550172"},
        "cnam_outbound": {"display_name": "ACME"},
    }
    assert services_of(look, mine[1]) == {}


def test_one_service_leads_to_its_order(visitor, bob, look, story) -> None:
    page = upload(visitor(bob), [HEADINGS, ["4125550190", "", "", "6145550172", ""]])
    assert page.forms["send-sheet"].submit().location.endswith("/orders/O-000001")


def test_sending_it_twice_is_one_order(visitor, bob, look, story) -> None:
    setting(look, story, auto_approve_call_forwarding=True)
    page = upload(visitor(bob), [HEADINGS, ["4125550190", "", "6145550172", "", "Acme"]])
    assert "Call Forwarding approves itself" in words(page, "#consequence")
    form = page.forms["send-sheet"]
    assert form.submit().location == form.submit().location
    with look():
        assert db.session.query(Order).count() == 2


def test_an_order_that_came_meanwhile_stops_all_and_the_rest_is_kept(
    visitor, bob, look, mine
) -> None:
    browser = visitor(bob)
    changes = {
        "(412) 555-0101": {FORWARD: "6145550172", NAME: "Acme"},
        "(412) 555-0102": {NAME: "Acme"},
    }
    form = upload(browser, edited(browser, changes)).forms["send-sheet"]
    with look():
        earlier = orders.ask(bob, mine[1], kind="cnam_outbound", display_name="Other")
    page = form.submit(status=409)
    assert f"already has an open order: {earlier}" in words(page, "#refused")
    said = words(page, "#wrong")
    assert said.startswith(f"Line 3: (412) 555-0102 already has an open order: {earlier}")
    with look():
        assert db.session.query(Order).count() == 1
    page.forms["send-sheet"].submit(status=303)
    with look():
        assert db.session.query(Order).count() == 3


def test_a_value_or_a_price_that_moved_meanwhile_is_shown_before_it_is_ordered(
    visitor, bob, alice, look, story
) -> None:
    page = upload(visitor(bob), [HEADINGS, ["4125550190", "", "6145550172", "", ""]])
    with look():
        db.session.execute(update(ServicePrice).values(monthly_micros=900_000))
        db.session.commit()
    page = page.forms["send-sheet"].submit(status=409)
    assert "Something has changed" in words(page, "#refused")
    assert "$0.90" in words(page, "#orders-made")
    turn_on(look, bob, alice, story.acme_number, "call_forwarding", forward_to="6145550179")
    page = page.forms["send-sheet"].submit(status=409)
    assert "All calls to (614) 555-0179" in words(page, "#changed tbody")
    page.forms["send-sheet"].submit(status=303)


def test_hidden_prices_are_not_shown_and_the_orders_are_taken(visitor, bob, look, story) -> None:
    with look():
        db.session.query(PortalSettings).one().hide_prices = True
        db.session.commit()
    page = upload(visitor(bob), [HEADINGS, ["4125550190", "", "6145550172", "", "Acme"]])
    assert "$" not in words(page, "main")
    page.forms["send-sheet"].submit(status=303)


def test_more_numbers_than_an_order_can_have_are_not_sent(visitor, bob, look, story, mine) -> None:
    setting(look, story, max_numbers_per_order=1)
    browser = visitor(bob)
    changes = {"(412) 555-0101": {NAME: "Acme"}, "(412) 555-0102": {NAME: "Acme"}}
    page = upload(browser, edited(browser, changes))
    assert "2 numbers change; an order can have at most 1." in words(page, "#orders-made")
    page.forms["send-sheet"].submit(status=409)
    assert nothing_was_sent(look)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[", "{}", "[]", "null", "[1]", '[[1,"+14125550190",[]]]', '[[1,"4125550190",{}]]'),
        *('[["x","+14125550190",{}]]', '[[1,"+14125550190",{"failover":{"failover_to":7}}]]'),
        '[[1,"+14125550190",{"failover":"x"}]]',
    ],
)
def test_changes_that_no_page_of_ours_wrote_are_refused(visitor, bob, look, text: str) -> None:
    form = upload(visitor(bob), [HEADINGS, ["4125550190", "", "", "6145550172", ""]]).forms[
        "send-sheet"
    ]
    form["changes"] = text
    assert form.submit(expect_errors=True).status_int in (409, 422)
    assert nothing_was_sent(look)


def labels_of(look: Any) -> dict[str, str | None]:
    with look():
        rows = db.session.execute(select(Did.number, Did.client_label)).all()
        return {number: label for number, label in rows if label is not None}


def test_a_label_is_no_order_and_counts_at_once(visitor, bob, alice, look, story) -> None:
    page = upload(visitor(bob), [["Number", "Label"], ["4125550190", " Front  desk "]])
    assert words(page, "#changed tbody") == "(412) 555-0190 2 Label, at once None Front desk"
    assert "1 label changes as soon as you save this." in words(page, "#labels-made")
    assert page.html.select_one("#send-sheet button").get_text() == "Save 1 label"
    assert labels_of(look) == {}
    form = page.forms["send-sheet"]
    assert "1 label changed." in form.submit(status=303).follow().text
    assert form.submit(status=303).location.endswith("/numbers")
    assert labels_of(look) == {story.acme_number: "Front desk"}
    assert nothing_was_sent(look)
    with look():
        entry = db.session.query(AuditEntry).filter_by(action="did.labelled").one()
        assert entry.changes == {"client_label": [None, "Front desk"]}


def test_a_label_travels_with_an_order_and_stays_when_the_order_cannot_be_sent(
    visitor, bob, look, mine
) -> None:
    browser = visitor(bob)
    changes = {
        "(412) 555-0101": {"Label": "Lobby", NAME: "Acme"},
        "(412) 555-0102": {"Label": "Lift"},
    }
    form = upload(browser, edited(browser, changes)).forms["send-sheet"]
    assert "Send 1 order and save 2 labels" in form.text
    with look():
        orders.ask(bob, mine[0], kind="cnam_outbound", display_name="Other")
    page = form.submit(status=409)
    assert labels_of(look) == {}
    assert "Lift" in words(page, "#changed tbody")
    page.forms["send-sheet"].submit(status=303)
    assert labels_of(look) == {mine[1]: "Lift"}


def test_an_empty_cell_takes_the_clients_label_away_and_not_the_resellers(
    visitor, bob, look, story
) -> None:
    with look():
        db.session.execute(update(Did).values(label="Line 1", client_label="Front desk"))
        db.session.commit()
    browser = visitor(bob)
    page = upload(browser, [["Number", "Label"], ["4125550190", ""]])
    assert "Front desk Line 1" in words(page, "#changed tbody")
    page.forms["send-sheet"].submit(status=303)
    page = upload(browser, [["Number", "Label"], ["4125550190", ""]])
    assert "1 stays as it is" in words(page, "main")


def test_a_label_that_is_too_long_is_wrong(visitor, bob, look) -> None:
    page = upload(visitor(bob), [["Number", "Label"], ["4125550190", "x" * 81]])
    assert "Label: Write at most 80 characters; these are 81." in words(page, "#wrong")


@pytest.mark.parametrize(
    ("labels", "status"),
    [
        ('[[2,"+14125550191","x"]]', 409),
        ('[[2,"+14125550190","%s"]]' % ("x" * 81), 409),
        *[(text, 422) for text in ("[", "{}x", "[1]", "[[1]]", '[[2,"4125550190","x"]]')],
        ('[[2,"+14125550190",null]]', 422),
    ],
)
def test_labels_that_no_page_of_ours_wrote_are_refused(
    visitor, bob, look, labels: str, status: int
) -> None:
    page = upload(visitor(bob), [["Number", "Label"], ["4125550190", "Front desk"]])
    form = page.forms["send-sheet"]
    form["labels"] = labels
    form.submit(status=status)
    assert labels_of(look) == {}


def test_what_is_switched_off_meanwhile_is_refused(visitor, bob, look, story) -> None:
    browser = visitor(bob)
    form = upload(browser, [HEADINGS, ["4125550190", "", "", "6145550172", ""]]).forms["send-sheet"]
    setting(look, story, editable_services=[])
    assert "switched off" in form.submit(status=403).text
    assert "No service can be changed here" in browser.get(UPLOAD).text
    assert nothing_was_sent(look)


def test_a_read_only_login_takes_the_file_and_sends_nothing(visitor, bob, look, story) -> None:
    browser = visitor(bob)
    form = upload(browser, [HEADINGS, ["4125550190", "", "", "6145550172", ""]]).forms["send-sheet"]
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    assert len(download(browser)) == 2
    browser.get(UPLOAD, status=403)
    form.submit(status=403)
    assert nothing_was_sent(look)


def test_charlie_neither_takes_nor_changes_bobs_numbers(
    visitor, charlie: Person, look, story
) -> None:
    browser = visitor(charlie)
    assert [row[0] for row in download(browser)[1:]] == ["(412) 555-0191"]
    form = upload(browser, [HEADINGS, ["4125550191", "", "", "6145550172", ""]]).forms["send-sheet"]
    form["changes"] = form["changes"].value.replace("+14125550191", "+14125550190")
    page = form.submit(status=409)
    assert "(412) 555-0190 is not one of Birch's numbers." in words(page, "#wrong")
    assert "Acme" not in page.text
    assert nothing_was_sent(look)


def test_the_pages_wear_the_resellers_brand_alone(visitor, bob, story) -> None:
    browser = visitor(bob)
    page = upload(browser, [HEADINGS, ["4125550190", "", "", "6145550172", ""]])
    assert leaks_of(page) == leaks_of(browser.get(UPLOAD)) == []
