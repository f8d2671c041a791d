"""The Staff screen: invited, changed, disabled, signed out, by an owner and by nobody else."""

import pytest
from webtest import TestResponse

from extensions import db
from models import AccountStatus, AuditEntry, Role, Staff
from tests.support import people


def page_of(person) -> str:
    return f"/admin/staff/details/?id={person.id}"


def press(browser, person, form: str) -> TestResponse:
    """Send one of the forms of a person's page."""
    return browser.get(page_of(person)).forms[form].submit().follow()


def problem(page, field: str) -> str:
    return str(page.html.find(id=f"{field}-error").get_text(strip=True))


def test_the_list_says_who_may_do_what(visitor, olga, alice) -> None:
    page = visitor(olga).get("/admin/staff/")
    row = page.html.find("a", string="Alice").find_parent("tr").get_text(" ", strip=True)
    assert row.startswith("Alice alice@keystone.example Approver Decides orders")
    assert row.endswith("Off Active Never")
    assert "Mallory" not in page.text


def test_an_owner_invites_a_person_who_sets_a_password_and_is_inside(visitor, olga, app) -> None:
    form = visitor(olga).get("/admin/staff/new/").forms["staff-member"]
    form["name"], form["email"], form["role"] = "Erin", "Erin@Keystone.example", "support"
    page = form.submit().follow()
    assert "Erin is invited; the mail is on its way." in page.text
    with app.app_context(), people.tenancy.across_resellers():
        erin = db.session.query(Staff).filter_by(email="erin@keystone.example").one()
        person = people.Person(erin.id, "Erin", erin.email, erin.reseller_id, "keystone", True)
    browser = visitor()
    people.choose_password(browser, people.link_for(app, person), "quiet-river-seven-lamps")
    assert people.is_inside(browser, person)
    assert browser.get("/admin/staff/", status=403)


def test_a_wrong_invitation_keeps_what_was_typed(visitor, olga, look) -> None:
    form = visitor(olga).get("/admin/staff/new/").forms["staff-member"]
    form["name"], form["email"], form["role"] = "Erin", "alice@keystone.example", "billing"
    page = form.submit()
    assert problem(page, "email").startswith("alice@keystone.example belongs to a staff member")
    kept = page.forms["staff-member"]
    assert (kept["name"].value, kept["role"].value) == ("Erin", "billing")
    with look():
        assert db.session.query(Staff).filter_by(name="Erin").count() == 0


def test_an_owner_changes_a_role(visitor, olga, victor, look) -> None:
    form = visitor(olga).get(f"/admin/staff/edit/?id={victor.id}").forms["staff-member"]
    form["role"] = "support"
    assert "Victor is saved." in form.submit().follow().text
    with look():
        assert db.session.get_one(Staff, victor.id).role is Role.SUPPORT


def test_an_owner_cannot_change_the_own_role(visitor, olga, look) -> None:
    form = visitor(olga).get(f"/admin/staff/edit/?id={olga.id}").forms["staff-member"]
    form["role"] = "viewer"
    page = form.submit()
    assert problem(page, "role") == "Nobody changes their own role. Ask another owner."
    with look():
        assert db.session.get_one(Staff, olga.id).role is Role.OWNER


def test_disabling_signs_out_at_once(visitor, olga, victor) -> None:
    inside = visitor(victor)
    assert "Victor is disabled." in press(visitor(olga), victor, "disable").text
    assert not people.is_inside(inside, victor)


def test_enabling_lets_in_again(visitor, olga, victor, app) -> None:
    people.change(app, people.disable, victor)
    assert "Victor is enabled." in press(visitor(olga), victor, "enable").text
    assert people.is_inside(visitor(victor), victor)


def test_ended_sessions_are_over_and_the_person_may_come_back(visitor, olga, victor) -> None:
    inside = visitor(victor)
    assert "Victor is signed out everywhere." in press(visitor(olga), victor, "end-sessions").text
    assert not people.is_inside(inside, victor)
    assert people.is_inside(visitor(victor), victor)


def test_an_invited_person_gets_another_link(visitor, olga, victor, app) -> None:
    people.change(app, lambda p: setattr(people.row_of(p), "status", AccountStatus.INVITED), victor)
    assert "A new link is on its way" in press(visitor(olga), victor, "send-again").text
    assert (people.mails_to(app, victor.email), people.open_links(app, victor)) == (
        ["staff_invited"],
        1,
    )


def test_nobody_can_disable_themselves_by_a_forged_form(visitor, olga, look) -> None:
    browser = visitor(olga)
    page = browser.get(page_of(olga))
    assert "disable" not in page.forms
    token = people.token_on(page)
    answer = browser.post(f"/admin/staff/disable/?id={olga.id}", {"csrf_token": token}).follow()
    assert "You cannot disable yourself. Ask another owner." in answer.text
    with look():
        assert db.session.get_one(Staff, olga.id).status is AccountStatus.ACTIVE


@pytest.mark.parametrize("who", ["alice", "victor"])
def test_staff_who_own_nothing_cannot_manage_staff(visitor, story, victor, who, look) -> None:
    browser = visitor(getattr(story, who))
    token = people.token_on(browser.get("/admin/"))
    assert "/admin/staff/" not in browser.get("/admin/").text
    for act in ("disable", "end-sessions", "edit", "send-again"):
        address = f"/admin/staff/{act}/?id={victor.id}"
        browser.post(address, {"csrf_token": token, "role": "owner"}, status=403)
    with look():
        assert db.session.get_one(Staff, victor.id).role is Role.VIEWER
        assert db.session.query(AuditEntry).filter_by(object_type="Staff").count() == 1


def test_an_owner_elsewhere_finds_nobody(visitor, mallory, victor, look) -> None:
    browser = visitor(mallory)
    token = people.token_on(browser.get("/admin/"))
    browser.get(page_of(victor), status=404)
    browser.post(f"/admin/staff/disable/?id={victor.id}", {"csrf_token": token}, status=404)
    with look():
        assert db.session.get_one(Staff, victor.id).status is AccountStatus.ACTIVE


@pytest.mark.parametrize("act", ["disable", "enable", "end-sessions", "send-again"])
def test_a_look_changes_nothing(visitor, olga, victor, act) -> None:
    visitor(olga).get(f"/admin/staff/{act}/?id={victor.id}", status=405)
