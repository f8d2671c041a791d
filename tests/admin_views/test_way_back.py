"""Above the heading of a page below a list stands the way back to that list."""

from typing import Any

from extensions import db
from models import Did, Mail
from tests.support import orders
from tests.support.cast import Person, Story


def way_back(page: Any) -> tuple[str, str]:
    (link,) = page.html.select("nav.crumbs a")
    return link.get_text(), link["href"].partition("?")[0]


def test_pages_below_a_list_lead_back_to_it(
    visitor: Any, alice: Person, bob: Person, story: Story, look: Any
) -> None:
    with look():
        waiting, decided = (orders.ask(bob, number) for number in story.free[:2])
        orders.reject(decided, alice)
        did = db.session.query(Did).filter_by(number=story.acme_number).one().id
        mail = db.session.query(Mail).first().id
    browser, login = visitor(alice), f"logins/{{}}/?id={bob.id}"
    found = {
        address: way_back(browser.get(f"/admin/{address}"))
        for address in (
            *(f"orders/{waiting}", f"orders/{decided}", f"dids/details/?id={did}"),
            *(f"mail/details/?id={mail}", login.format("details"), login.format("edit")),
            *("logins/new/", "clients/new/", f"clients/{story.acme.id}/usage/"),
        )
    }
    assert list(found.values()) == [
        ("Pending Orders", "/admin/pending-orders/"),
        ("Order History", "/admin/order-history/"),
        ("Inventory", "/admin/dids/"),
        ("Mail", "/admin/mail/"),
        *[("Logins", "/admin/logins/")] * 3,
        *[("Clients", "/admin/clients/")] * 2,
    ]
