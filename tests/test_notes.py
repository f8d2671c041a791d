"""Notes on orders, and the list of reasons: who writes, who reads, who is told."""

import pytest
from sqlalchemy import select

from extensions import db
from models import Mail, OrderNote, RejectReason
from tests.support import orders
from tests.support.people import mails_to


@pytest.fixture
def number(look, bob, story) -> str:  # type: ignore[no-untyped-def]
    """The number of Bob's pending order."""
    with look():
        return orders.ask(bob, story.free[0])


def write(browser, page: str, text: str, private: bool = False):  # type: ignore[no-untyped-def]
    form = browser.get(page).forms["add-note"]
    form["note"] = text
    if private:
        form["is_private"].checked = True
    return form.submit(expect_errors=True)


def notes_on(page) -> list[str]:  # type: ignore[no-untyped-def]
    return [item.get_text(" ", strip=True) for item in page.html.select("#note-list li")]


def test_staff_write_to_the_client_and_the_login_is_mailed(app, visitor, alice, bob, number):
    page = write(visitor(alice), f"/admin/orders/{number}", "Which floor?").follow()
    assert "Acme is told by mail." in page.text
    assert mails_to(app, bob.email) == ["order_noted"]
    seen = notes_on(visitor(bob).get(f"/portal/keystone/orders/{number}"))
    assert len(seen) == 1
    assert seen[0].startswith("Keystone Voice")
    assert seen[0].endswith("Which floor?")


def test_a_private_note_stays_with_staff(app, visitor, alice, victor, bob, number) -> None:
    write(visitor(alice), f"/admin/orders/{number}", "They pay late.", private=True)
    assert mails_to(app, bob.email) == []
    assert "They pay late." not in visitor(bob).get(f"/portal/keystone/orders/{number}").text
    seen = notes_on(visitor(victor).get(f"/admin/orders/{number}"))
    assert "Staff only" in seen[0]


def test_the_client_answers_and_the_approvers_are_mailed(app, visitor, alice, bob, number, look):
    with look():
        before = len(mails_to(app, alice.email))
    write(visitor(bob), f"/portal/keystone/orders/{number}", "The second.")
    assert mails_to(app, alice.email)[before:] == ["order_note_received"]
    assert "The second." in visitor(alice).get(f"/admin/orders/{number}").text


def test_charlie_cannot_write_on_bobs_order(visitor, charlie, number, look) -> None:
    browser = visitor(charlie)
    token = browser.get("/portal/keystone/").html.find("input", {"name": "csrf_token"})["value"]
    forged = {"csrf_token": token, "note": "Mine"}
    browser.post(f"/portal/keystone/orders/{number}/notes", forged, status=404)
    with look():
        assert db.session.query(OrderNote).count() == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("  ", "Write the note first."),
        ("x" * 2_001, "Use at most 2,000 characters; this has 2,001."),
    ],
)
def test_a_note_that_cannot_be_is_kept_in_its_field(
    visitor, alice, bob, number, look, text: str, sentence: str
) -> None:
    for person, page in ((alice, "/admin/orders/"), (bob, "/portal/keystone/orders/")):
        answer = write(visitor(person), f"{page}{number}", text)
        assert answer.status_int == 422
        assert answer.html.find(id="note-problem").get_text() == sentence
        assert answer.forms["add-note"]["note"].value == text
    with look():
        assert db.session.query(OrderNote).count() == 0


def test_a_reason_from_the_list_rejects_without_a_script(visitor, alice, number, look) -> None:
    browser = visitor(alice)
    form = browser.get("/admin/reject-reasons/").forms["reject-reasons"]
    form["reasons"] = "Not in your contract.\n\nAsk again in May.\nNot in your contract."
    form.submit().follow()
    reject = browser.get(f"/admin/orders/{number}").forms["reject"]
    reject["canned"] = "Ask again in May."
    reject.submit(status=302)
    with look():
        assert orders.find(number).reason == "Ask again in May."
        kept = db.session.scalars(select(RejectReason.text).order_by(RejectReason.position))
        assert list(kept) == ["Not in your contract.", "Ask again in May."]


def test_what_was_written_goes_before_what_was_chosen(visitor, alice, number, look) -> None:
    browser = visitor(alice)
    form = browser.get("/admin/reject-reasons/").forms["reject-reasons"]
    form["reasons"] = "Ask again in May."
    form.submit()
    reject = browser.get(f"/admin/orders/{number}").forms["reject"]
    reject["canned"], reject["reason"] = "Ask again in May.", "Ask again in June."
    reject.submit(status=302)
    with look():
        assert orders.find(number).reason == "Ask again in June."


def test_too_many_reasons_are_refused(visitor, alice, look) -> None:
    form = visitor(alice).get("/admin/reject-reasons/").forms["reject-reasons"]
    form["reasons"] = "\n".join(f"Reason {n}" for n in range(31))
    page = form.submit(status=422)
    said = page.html.find(id="reasons-problem").get_text()
    assert said == "Write at most 30 reasons; these are 31."
    with look():
        assert db.session.query(RejectReason).count() == 0


def test_victor_reads_the_reasons_and_cannot_change_them(visitor, victor, look) -> None:
    browser = visitor(victor)
    form = browser.get("/admin/reject-reasons/").forms["reject-reasons"]
    form["reasons"] = "Forged."
    form.submit(status=403)
    with look():
        assert db.session.query(RejectReason).count() == 0


def test_what_cannot_be_approved_says_so_in_the_queue(visitor, alice, bob, number, look, acme):
    from models import Client

    with look():
        db.session.get_one(Client, acme.id).order_settings.did_ordering = False
        db.session.commit()
    page = visitor(alice).get("/admin/pending-orders/").html
    assert page.find(id=f"approve-{number}") is None
    assert page.find(id=f"way-{number}").get_text() == (
        "Cannot be approved now: Ordering numbers is switched off."
    )
    with look():
        assert db.session.query(Mail).filter_by(kind="order_rejected").count() == 0
