"""Ports as staff see them: entered, moved, dated, explained, completed; their words; their list."""

from datetime import timedelta
from typing import Any

import pytest

import ports
from extensions import db
from models import AuditEntry, Did, Port, PortEvent, PortStatus, Reseller
from tests.support.cast import Story

TYPED = "412-555-0177, (412) 555-0178"
NUMBERS = ["+14125550177", "+14125550178"]


@pytest.fixture(autouse=True)
def words(story: Story, look: Any) -> None:
    """The reseller has the usual statuses and reasons."""
    with look():
        ports.furnish(db.session.get_one(Reseller, story.reseller_id))
        db.session.commit()


def enter(browser: Any, **fields: str) -> Any:
    """Fill the form of a new port for the client named Acme; gives what comes."""
    form = browser.get("/admin/ports/new/").forms["port"]
    form["client_id"].select(text="Acme")
    typed = {"pon": "K-1", "porting_from": "Oldtel", "numbers": TYPED} | fields
    for name, value in typed.items():
        form[name] = value
    return form.submit(status="*")


@pytest.fixture
def page(visitor: Any, alice: Any) -> Any:
    """The page of a port that Alice has just entered."""
    return enter(visitor(alice)).follow()


def send(page: Any, form_id: str, **fields: Any) -> Any:
    """Fill a form of a page and send it; gives what comes."""
    form = page.forms[form_id]
    for name, value in fields.items():
        form[f"{form_id}-{name}"] = value
    return form.submit(status="*")


def problem(page: Any, field: str) -> str:
    return str(page.html.find(id=f"{field}-error").get_text(strip=True))


def state() -> tuple[str, int, int]:
    """Tell a port's status, and how many events and audit entries there are."""
    port = db.session.query(Port).one()
    entries = db.session.query(AuditEntry).filter(AuditEntry.action.like("port.%"))
    return port.status.key, db.session.query(PortEvent).count(), entries.count()


def move_to(page: Any, label: str, **fields: str) -> Any:
    page.forms["move"]["move-status_id"].select(text=label)
    return send(page, "move", **fields)


def day(ahead: int) -> str:
    return (ports.today() + timedelta(days=ahead)).isoformat()


# --- Entering -----------------------------------------------------------------------------------


def test_a_port_is_entered_with_pasted_numbers(page: Any, look: Any, acme: Any) -> None:
    assert "K-1 is entered with 2 numbers." in page.text
    shown = [row.get_text(strip=True) for row in page.html.select("#number-list tbody th")]
    assert shown == ["(412) 555-0177", "(412) 555-0178"]
    with look():
        port = db.session.query(Port).one()
        assert (port.client_id, [row.number for row in port.numbers]) == (acme.id, NUMBERS)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("pon", "", "Write the order's own number, of at most 40 characters."),
        ("porting_from", "", "Write the provider that has the numbers now."),
        ("numbers", "4125550177\nnot one", "“not one” is not a ten-digit number: it has letters."),
        ("requested_foc", "2020-02-03", "Feb 3, 2020 is in the past. Choose today or a later day."),
        ("billing_number", "911", "“911” is not a ten-digit number: it has 3 digits."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    visitor: Any, alice: Any, look: Any, field: str, value: str, sentence: str
) -> None:
    page = enter(visitor(alice), **{field: value})
    assert (page.status_int, problem(page, field)) == (422, sentence)
    assert page.forms["port"][field].value == value
    with look():
        assert db.session.query(Port).count() == 0


def test_a_number_of_another_active_port_is_refused(page: Any, visitor: Any, alice: Any) -> None:
    refused = enter(visitor(alice), pon="K-2", numbers="+1 412 555 0178")
    assert problem(refused, "numbers") == (
        "(412) 555-0178 is in port K-1 already. Take it out there first."
    )


def test_a_port_is_entered_from_the_clients_tab(visitor: Any, alice: Any, acme: Any) -> None:
    tab = visitor(alice).get(f"/admin/clients/{acme.id}/ports/")
    form = tab.click("New port", index=0).forms["port"]
    assert form["client_id"].value == str(acme.id)


def test_a_ports_details_are_changed(page: Any, look: Any) -> None:
    form = page.click("Edit port").forms["port"]
    form["entity_name"] = "Acme Dental Inc"
    after = form.submit().follow()
    assert "K-1 is saved." in after.text
    assert "Acme Dental Inc" in after.html.find(id="port-facts").get_text()


# --- Steps --------------------------------------------------------------------------------------


def test_a_port_moves_with_a_note_for_the_client(page: Any, look: Any) -> None:
    after = move_to(page, "Question", note="Which PIN?").follow()
    assert "K-1 is now Question." in after.text
    assert "Question. Which PIN?" in after.html.find(id="story-steps").get_text()
    with look():
        assert state() == ("exception", 2, 2)


def test_a_move_that_is_sent_twice_is_one_move(page: Any, look: Any) -> None:
    move_to(page, "Submitted")
    assert "K-1 is already Submitted." in move_to(page, "Submitted").follow().text
    with look():
        assert state() == ("submitted", 2, 2)


def test_a_port_that_somebody_else_moved_is_left_alone(page: Any, look: Any) -> None:
    move_to(page, "Submitted")
    refused = move_to(page, "Cancelled")
    assert problem(refused, "move-status_id") == (
        "Somebody else has just moved this port to Submitted. Look again."
    )
    with look():
        assert state() == ("submitted", 2, 2)


def test_no_status_is_no_move(page: Any, look: Any) -> None:
    assert problem(send(page, "move"), "move-status_id") == "Choose a status from the list."
    with look():
        assert state() == ("draft", 1, 1)


def test_completing_is_not_forged_by_a_move(page: Any, look: Any) -> None:
    with look():
        key = db.session.query(PortStatus).filter_by(key="completed").one().id
    page.forms["move"]["move-status_id"].force_value(str(key))
    assert problem(send(page, "move"), "move-status_id") == "Choose a status from the list."
    with look():
        assert state() == ("draft", 1, 1)


def test_a_confirmed_date_is_set(page: Any, look: Any) -> None:
    with look():
        chosen = day(5)
    assert "The date is saved." in send(page, "date", foc_date=chosen).follow().text
    with look():
        assert db.session.query(Port).one().foc_date.isoformat() == chosen


def test_a_date_in_the_past_is_refused_and_kept_as_typed(page: Any, look: Any) -> None:
    refused = send(page, "date", foc_date="2020-02-03")
    assert problem(refused, "date-foc_date").startswith("Feb 3, 2020 is in the past.")
    assert refused.forms["date"]["date-foc_date"].value == "2020-02-03"
    with look():
        assert state() == ("draft", 1, 1)


def test_a_number_gets_a_status_and_a_reason(page: Any, look: Any) -> None:
    form = page.forms["set-numbers"]
    form.get("chosen", index=0).checked = True
    form["set-status_id"].select(text="Question")
    form["set-reason"] = "The PIN or passcode is missing or wrong."
    after = form.submit("go", value="set").follow()
    assert "1 number is changed." in after.text
    cells = [cell.get_text(strip=True) for cell in after.html.select("#number-list tbody td")]
    assert cells[1:3] == ["Question", "The PIN or passcode is missing or wrong."]
    assert cells[4] == "Draft"


def test_no_chosen_number_is_no_change(page: Any, look: Any) -> None:
    refused = page.forms["set-numbers"].submit("go", value="set", status=422)
    assert problem(refused, "chosen") == "Choose at least one number."
    with look():
        assert state() == ("draft", 1, 1)


def test_numbers_are_added_and_taken_out(page: Any, look: Any) -> None:
    form = page.forms["more-numbers"]
    form["add-numbers"] = "4125550179"
    after = form.submit().follow()
    assert "1 number is added." in after.text
    form = after.forms["set-numbers"]
    form.get("chosen", index=0).checked = True
    form.action = form.action.replace("/set", "/remove")
    assert "1 number is out of K-1." in form.submit("go", value="remove").follow().text
    with look():
        numbers = [row.number for row in db.session.query(Port).one().numbers]
        assert numbers == ["+14125550178", "+14125550179"]


def test_a_private_comment_is_marked_as_such(page: Any, look: Any) -> None:
    after = send(page, "comment", text="Ask Ann.", is_private=True).follow()
    assert "Your staff reads it." in after.text
    newest = after.html.select_one("#story-steps li").get_text()
    assert ("Private" in newest, "Ask Ann." in newest) == (True, True)
    with look():
        assert db.session.query(PortEvent).filter_by(is_private=True).one().text == "Ask Ann."


# --- Completing ---------------------------------------------------------------------------------


def test_completing_says_what_comes_before_it_is_done(page: Any, look: Any) -> None:
    confirm = page.click("Complete", index=0)
    said = confirm.html.find(id="consequence").get_text()
    assert "2 numbers are new to the inventory: (412) 555-0177, (412) 555-0178." in said
    assert "They go into the DID Group Acme main of Acme" in said
    with look():
        assert state() == ("draft", 1, 1)


def test_completing_gives_the_numbers_to_the_client(page: Any, look: Any, acme: Any) -> None:
    form = page.click("Complete", index=0).forms["complete-port"]
    form["tier_id"].select(text="Standard, $1.50 a month")
    assert "K-1 is completed." in form.submit().follow().text
    with look():
        dids = db.session.query(Did).filter(Did.number.in_(NUMBERS)).all()
        assert [(did.client_id, did.did_group.name) for did in dids] == [(acme.id, "Acme main")] * 2
        assert state() == ("completed", 2, 2)


def test_completing_without_a_tier_is_refused(page: Any, look: Any) -> None:
    refused = page.click("Complete", index=0).forms["complete-port"].submit(status=422)
    assert problem(refused, "tier_id") == ("Choose the tier that says what the new numbers cost.")
    with look():
        assert state() == ("draft", 1, 1)
        assert db.session.query(Did).filter(Did.number.in_(NUMBERS)).count() == 0


def test_completing_can_leave_the_inventory_alone(page: Any, look: Any) -> None:
    form = page.click("Complete", index=0).forms["complete-port"]
    form["brings"] = False
    assert "K-1 is completed." in form.submit().follow().text
    with look():
        assert db.session.query(Did).filter(Did.number.in_(NUMBERS)).count() == 0


# --- The list -----------------------------------------------------------------------------------


def listed(page: Any) -> list[str]:
    return [row.get_text(strip=True) for row in page.html.select("tbody tr td:first-child")]


@pytest.mark.parametrize("search", ["k-1", "412-555-0177", "(412) 555 0177", "0177", "+1412555017"])
def test_a_port_is_found_by_pon_or_by_a_number_in_any_spelling(
    page: Any, visitor: Any, alice: Any, search: str
) -> None:
    browser = visitor(alice)
    enter(browser, pon="Z-9", numbers="6175550188")
    assert listed(browser.get("/admin/ports/", {"search": search})) == ["K-1"]


@pytest.mark.parametrize(
    ("label", "choice", "found"),
    [
        ("Client", "Acme", ["K-1"]),
        ("Client", "Birch", []),
        ("Kind", "Active", ["K-1"]),
        ("Kind", "Completed", []),
        ("Status", "Draft", ["K-1"]),
        ("Status", "Question", []),
    ],
)
def test_the_list_is_narrowed(
    page: Any, visitor: Any, alice: Any, label: str, choice: str, found: list[str]
) -> None:
    form = visitor(alice).get("/admin/ports/").forms["filters"]
    name = {"Client": "flt0_client_is", "Kind": "flt1_kind_is", "Status": "flt2_status_is"}[label]
    form[name].select(text=choice)
    assert listed(form.submit()) == found


def test_the_csv_has_what_the_list_has(page: Any, visitor: Any, alice: Any) -> None:
    lines = visitor(alice).get("/admin/ports/export/csv/").text.splitlines()
    assert lines[0].startswith("PON,Client,Numbers,Status,Losing provider")
    assert lines[1].startswith("K-1,Acme,2,Draft,Oldtel")


def test_a_clients_tab_shows_its_ports_only(
    page: Any, visitor: Any, alice: Any, acme: Any, birch: Any
) -> None:
    browser = visitor(alice)
    assert listed(browser.get(f"/admin/clients/{acme.id}/ports/")) == ["K-1"]
    assert "No ports yet" in browser.get(f"/admin/clients/{birch.id}/ports/").text


def test_mallory_finds_no_port_of_another_reseller(page: Any, visitor: Any, mallory: Any) -> None:
    browser = visitor(mallory)
    assert browser.get(page.request.path, status=404).status_int == 404
    assert "No ports yet" in browser.get("/admin/ports/").text


def test_victor_looks_and_cannot_change(page: Any, visitor: Any, victor: Any, look: Any) -> None:
    browser = visitor(victor)
    seen = browser.get(page.request.path)
    assert {"move", "date", "comment", "more-numbers"} & set(seen.forms) == set()
    token = seen.forms["sign-out"]["csrf_token"].value
    for step in ("move", "date", "comment", "complete", "edit", "numbers/add", "numbers/set"):
        browser.post(f"{page.request.path}{step}", {"csrf_token": token}, status=403)
    browser.get("/admin/ports/new/", status=403)
    with look():
        assert state() == ("draft", 1, 1)


# --- Words --------------------------------------------------------------------------------------


def test_a_status_is_reworded_for_clients(visitor: Any, alice: Any, look: Any) -> None:
    with look():
        key = db.session.query(PortStatus).filter_by(key="draft").one().id
    form = visitor(alice).get("/admin/port-words/").forms["statuses"]
    form[f"label-{key}"], form[f"client_text-{key}"] = "New", "We have your request."
    form["label-new"] = "Waiting for a bill"
    assert "2 statuses saved." in form.submit().follow().text
    with look():
        row = db.session.get_one(PortStatus, key)
        assert (row.key, row.label, row.client_text) == ("draft", "New", "We have your request.")
        assert db.session.query(PortStatus).filter_by(label="Waiting for a bill").count() == 1


def test_a_status_without_a_name_is_refused(visitor: Any, alice: Any, look: Any) -> None:
    with look():
        key = db.session.query(PortStatus).filter_by(key="draft").one().id
    form = visitor(alice).get("/admin/port-words/").forms["statuses"]
    form[f"label-{key}"] = " "
    refused = form.submit(status=422)
    assert problem(refused, f"label-{key}") == "Write a name of at most 80 characters."
    with look():
        assert db.session.get_one(PortStatus, key).label == "Draft"


def test_a_status_in_use_is_not_removed(page: Any, visitor: Any, alice: Any, look: Any) -> None:
    with look():
        used = db.session.query(PortStatus).filter_by(key="draft").one().id
        unused = db.session.query(PortStatus).filter_by(key="in_process").one().id
    browser = visitor(alice)
    form = browser.get("/admin/port-words/").forms["remove-status"]
    typed = {"csrf_token": form["csrf_token"].value}
    said = browser.post(form.action, typed | {"status": str(used)}).follow().text
    assert "Draft is used by 1 port. Move them first." in said
    assert (
        "In process is removed."
        in browser.post(form.action, typed | {"status": str(unused)}).follow().text
    )
    with look():
        keys = {row.key for row in db.session.query(PortStatus)}
        assert ("draft" in keys, "in_process" in keys) == (True, False)


def test_the_reasons_are_one_a_line(visitor: Any, alice: Any, look: Any) -> None:
    form = visitor(alice).get("/admin/port-words/").forms["reasons-form"]
    form["reasons"] = "Late.\r\nWrong PIN.\r\n"
    assert "The reasons are saved." in form.submit().follow().text
    with look():
        assert ports.reasons() == ["Late.", "Wrong PIN."]
