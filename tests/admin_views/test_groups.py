"""DID Groups, Endpoint Groups and 911 Groups: made, given, taken back, filled, removed (P2)."""

from typing import Any

import pytest
from sqlalchemy import select

import tenancy
from extensions import db
from models import (
    AuditEntry,
    Client,
    ClientStatus,
    Did,
    DidAssignment,
    DidGroup,
    DidService,
    E911Group,
    EndpointGroup,
)
from tests.support import orders

LISTS = {"did-groups": DidGroup, "endpoint-groups": EndpointGroup, "911-groups": E911Group}


def new(browser: Any, path: str, **fields: str) -> Any:
    """Fill the form of a new group; gives what comes."""
    form = browser.get(f"/admin/{path}/new/").forms["group"]
    for name, value in fields.items():
        form[name] = value
    return form.submit()


def edit(browser: Any, path: str, group_id: int, **fields: str) -> Any:
    form = browser.get(f"/admin/{path}/edit/?id={group_id}").forms["group"]
    for name, value in fields.items():
        form[name] = value
    return form.submit()


def problem(page: Any, field: str) -> str:
    return str(page.html.find(id=f"{field}-error").get_text(strip=True))


def names(kind: type) -> list[str]:
    return list(db.session.scalars(select(kind.name).order_by(kind.name)))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("path", "kind"), LISTS.items())
def test_a_group_is_made_and_given(visitor, alice, acme, look, path: str, kind: type) -> None:
    page = new(visitor(alice), path, name="Branch", client_id=str(acme.id)).follow()
    assert "Branch is created." in page.text
    with look():
        made = db.session.query(kind).filter_by(name="Branch").one()
        assert made.client_id == acme.id
        entry = db.session.query(AuditEntry).filter(AuditEntry.action.like("%.created")).one()
        assert entry.changes == entry.changes | {"name": [None, "Branch"], "client": [None, "Acme"]}


def test_a_group_of_one_client_cannot_be_given_to_a_second(
    visitor, alice, acme_group_of, birch, look
) -> None:
    page = edit(visitor(alice), "did-groups", acme_group_of, client_id=str(birch.id))
    assert problem(page, "client_id") == "Acme main belongs to Acme. Take it back first."
    with look():
        assert db.session.get_one(DidGroup, acme_group_of).client.name == "Acme"


@pytest.fixture
def acme_group_of(story) -> int:  # type: ignore[no-untyped-def]
    """The id of Acme's DID Group."""
    return int(story.acme_group.id)


def test_taking_a_group_back_frees_its_numbers_and_ends_their_services(
    visitor, alice, bob, story, acme_group_of, look
) -> None:
    with look():
        number = orders.ask(bob, story.acme_number, kind="cnam_outbound", display_name="Acme")
        orders.approve(number, alice)
    page = visitor(alice).get(f"/admin/did-groups/edit/?id={acme_group_of}")
    assert "puts its 1 number into the stock again" in page.html.find(id="consequence").get_text()
    edit(visitor(alice), "did-groups", acme_group_of, client_id="")
    with look():
        did = db.session.query(Did).filter_by(number=story.acme_number).one()
        assert (did.client_id, did.status.value, did.services) == (None, "available", [])
        ended = db.session.query(DidAssignment).filter_by(number=story.acme_number).one()
        assert ended.ended_at is not None


def test_giving_a_group_gives_its_numbers(visitor, alice, story, acme_group_of, birch, look):
    browser = visitor(alice)
    edit(browser, "did-groups", acme_group_of, client_id="")
    edit(browser, "did-groups", acme_group_of, client_id=str(birch.id))
    with look():
        assert orders.owner(story.acme_number) == birch.id


def test_a_number_reached_by_two_groups_counts_once_and_stays(
    visitor, alice, story, acme, acme_group_of, look
) -> None:
    browser = visitor(alice)
    new(browser, "endpoint-groups", name="Switch", client_id=str(acme.id))
    with look():
        switch = db.session.query(EndpointGroup).one()
        db.session.query(Did).filter_by(number=story.acme_number).one().endpoint_group = switch
        db.session.commit()
        key = switch.id
    listed = browser.get(f"/admin/clients/{acme.id}/numbers/")
    assert len(listed.html.select("tbody tr")) == 1
    edit(browser, "endpoint-groups", key, client_id="")
    with look():
        assert orders.owner(story.acme_number) == acme.id
    edit(browser, "did-groups", acme_group_of, client_id="")
    with look():
        assert orders.owner(story.acme_number) is None
        assert db.session.query(DidService).count() == 0


def test_an_endpoint_group_keeps_its_addresses(visitor, alice, look) -> None:
    typed = "SIP.example.com\n203.0.113.9:5080 2\nold.example.com:5060 9 off"
    new(visitor(alice), "endpoint-groups", name="Switch", digits="10", endpoints=typed)
    with look():
        group = db.session.query(EndpointGroup).one()
        assert group.digits == "10"
        assert [(e.host, e.port, e.priority, e.is_active) for e in group.endpoints] == [
            ("sip.example.com", 5060, 1, True),
            ("203.0.113.9", 5080, 2, True),
            ("old.example.com", 5060, 9, False),
        ]


@pytest.mark.parametrize(
    "line",
    [
        *("http://x", "host:99999", "host 0", "a b c d", "-x.example", "host:abc", "off"),
        *("host:5²", "host ²", "host:٥٠٦٠", "host 0000001", ",", f"h:{'9' * 50}", f"h {'9' * 50}"),
    ],
)
def test_an_address_that_cannot_be_is_named(visitor, alice, look, line: str) -> None:
    page = new(visitor(alice), "endpoint-groups", name="Switch", endpoints=f"ok.example\n{line}")
    assert problem(page, "endpoints").startswith(f"“{line}” cannot be read.")
    assert page.forms["group"]["endpoints"].value.endswith(line)
    with look():
        assert names(EndpointGroup) == []


def test_an_address_that_stands_twice_is_refused(visitor, alice, look) -> None:
    typed = "sip.example.com\nSIP.example.com:5060 2"
    page = new(visitor(alice), "endpoint-groups", name="Switch", endpoints=typed)
    assert problem(page, "endpoints") == "sip.example.com:5060 stands twice. Keep one line of it."
    with look():
        assert names(EndpointGroup) == []


def test_a_wrong_alert_address_is_named(visitor, alice, look) -> None:
    page = new(visitor(alice), "911-groups", name="Desk", alert_emails="a@b.example\nnonsense")
    assert problem(page, "alert_emails") == "nonsense is not an e-mail address. Correct it."
    with look():
        assert names(E911Group) == []


@pytest.mark.parametrize("name", ["Acme main", "ACME MAIN"])
def test_a_name_that_is_taken_is_refused(visitor, alice, look, name: str) -> None:
    page = new(visitor(alice), "did-groups", name=name)
    assert problem(page, "name") == (
        f"There is a group named {name} already. Write a different name."
    )


def test_an_empty_group_is_removed(visitor, alice, look) -> None:
    browser = visitor(alice)
    new(browser, "did-groups", name="Spare")
    with look():
        key = db.session.query(DidGroup).filter_by(name="Spare").one().id
    page = browser.get(f"/admin/did-groups/edit/?id={key}").forms["remove"].submit().follow()
    assert "Spare is removed." in page.text
    with look():
        assert "Spare" not in names(DidGroup)


def test_a_group_in_use_is_not_removed(visitor, alice, acme_group_of, look) -> None:
    browser = visitor(alice)
    page = browser.get(f"/admin/did-groups/edit/?id={acme_group_of}")
    assert "remove" not in page.forms
    token = page.forms["group"]["csrf_token"].value
    address = f"/admin/did-groups/remove/?id={acme_group_of}"
    after = browser.post(address, {"csrf_token": token}).follow()
    assert "Acme main belongs to Acme. Take it back first." in after.text
    with look():
        assert "Acme main" in names(DidGroup)


def test_victor_looks_and_cannot_change(visitor, victor, acme_group_of, look) -> None:
    browser = visitor(victor)
    page = browser.get(f"/admin/did-groups/edit/?id={acme_group_of}")
    assert page.html.select("form#group button") == []
    token = page.forms["group"]["csrf_token"].value
    forged = {"csrf_token": token, "name": "Forged", "client_id": ""}
    browser.post(f"/admin/did-groups/edit/?id={acme_group_of}", forged, status=403)
    with look():
        assert "Forged" not in names(DidGroup)


def test_a_client_of_another_reseller_is_no_client(visitor, mallory, acme, look, story) -> None:
    page = visitor(mallory).get("/admin/did-groups/new/")
    forged = {"csrf_token": page.forms["group"]["csrf_token"].value, "name": "Mine"}
    refused = page.test_app.post("/admin/did-groups/new/", forged | {"client_id": str(acme.id)})
    assert problem(refused, "client_id") == "Choose a client from the list."
    with look(story.other_reseller_id):
        assert names(DidGroup) == []


# --- Two people, and clients that are closed ------------------------------------------------------


def test_a_new_name_leaves_a_group_with_whom_it_was_given_meanwhile(
    visitor, alice, olga, acme, look
) -> None:
    made = _spare(look)
    form = visitor(alice).get(f"/admin/did-groups/edit/?id={made}").forms["group"]
    edit(visitor(olga), "did-groups", made, client_id=str(acme.id))
    form["name"] = "Spare of the north"
    assert "Spare of the north is saved." in form.submit().follow().text
    with look():
        assert db.session.get_one(DidGroup, made).client_id == acme.id


def test_who_gives_what_was_given_meanwhile_is_told(
    visitor, alice, olga, acme, birch, look
) -> None:
    made = _spare(look)
    edit(visitor(olga), "did-groups", made, client_id=str(acme.id))
    form = visitor(alice).get(f"/admin/did-groups/edit/?id={made}").forms["group"]
    edit(visitor(olga), "did-groups", made, client_id="")
    edit(visitor(olga), "did-groups", made, client_id=str(birch.id))
    form["client_id"] = ""
    page = form.submit()
    assert problem(page, "client_id") == (
        "Somebody changed this meanwhile: Spare belongs to Birch now. "
        "Save again if you still want your choice."
    )
    with look():
        assert db.session.get_one(DidGroup, made).client_id == birch.id
    assert "Spare is saved." in page.forms["group"].submit().follow().text
    with look():
        assert db.session.get_one(DidGroup, made).client_id is None


def test_a_new_name_leaves_a_group_with_a_closed_client(
    visitor, alice, acme, acme_group_of, look
) -> None:
    with look():
        db.session.get_one(Client, acme.id).status = ClientStatus.CLOSED
        db.session.commit()
    edit(visitor(alice), "did-groups", acme_group_of, name="Acme of old")
    with look():
        group = db.session.get_one(DidGroup, acme_group_of)
        assert (group.name, group.client_id) == ("Acme of old", acme.id)


def _spare(look: Any) -> int:
    """Make a group that nobody has."""
    with look():
        group = DidGroup(reseller_id=tenancy.current(), name="Spare")
        db.session.add(group)
        db.session.commit()
        return group.id
