"""What the tests of promises do on the screens, as a person would; reads no tables."""

from typing import Any

from tests.support.cast import Person
from tests.support.web import Visitor

PORTAL = "/portal/keystone"
PENDING, HISTORY = "/admin/pending-orders/", "/admin/order-history/"


def said(node: Any) -> str:
    """Give the words of a part of a page, without its line breaks."""
    return " ".join(node.get_text(" ").split())


def ten(number: str) -> str:
    """Write a number as an address does."""
    return number.removeprefix("+1")


def order_numbers(browser: Visitor, *numbers: str, note: str = "", status: int = 303) -> Any:
    """Order numbers in the portal; gives the order's number, or the page that refuses."""
    chosen = ".".join(ten(number) for number in numbers)
    form = browser.get(f"{PORTAL}/order-numbers/review?n={chosen}").forms["send-order"]
    form["note"] = note
    answer = form.submit("send", value="1", status=status)
    return answer.location.rsplit("/", 1)[1] if status == 303 else answer


def change_service(
    browser: Visitor, number: str, service: str, status: int = 303, **fields: str
) -> Any:
    """Ask for a service of a number; gives the order's number, or the page that refuses."""
    address = f"{PORTAL}/numbers/{ten(number)}/{service}"
    form = browser.get(address).forms["change-service"]
    for name, value in fields.items():
        form[name] = value
    answer = form.submit("turn", value="on", status=status)
    return answer.location.rsplit("/", 1)[1] if status == 303 else answer


def ask_for_911(browser: Visitor, number: str) -> str:
    """Ask for a 911 address of a number; gives the order's number."""
    form = browser.get(f"{PORTAL}/911/{ten(number)}").forms["e911"]
    typed = {"caller_name": "Acme", "address1": "100 Fifth Avenue", "city": "Pittsburgh"}
    for name, value in (typed | {"state": "PA", "zip": "15222"}).items():
        form[name] = value
    form["accepted"].checked = True
    return str(form.submit(status=303).location.rsplit("/", 1)[1])


def decide(browser: Visitor, number: str, verb: str, reason: str = "", status: int = 302) -> Any:
    """Press a decision on an order's page; gives the page that follows."""
    form = browser.get(f"/admin/orders/{number}").forms[verb]
    if verb == "reject":
        form["reason"] = reason
    answer = form.submit(status=status)
    return answer.follow() if status == 302 else answer


def approve(browser: Visitor, number: str) -> Any:
    """Approve an order on its page."""
    return decide(browser, number, "approve")


def reject(browser: Visitor, number: str, reason: str = "Not this month.") -> Any:
    """Reject an order on its page."""
    return decide(browser, number, "reject", reason)


def state_of(browser: Visitor, number: str) -> str:
    """Read an order's state on its page in the back office."""
    return said(browser.get(f"/admin/orders/{number}").html.select_one("h1 .state"))


def new_client(browser: Visitor, name: str, groups: tuple[str, ...] = ()) -> Any:
    """Make a client by its form; gives its page."""
    form = browser.get("/admin/clients/new/").forms["client"]
    form["name"], form["contact_email"] = name, f"orders@{name.lower()}.example"
    for box in form.fields.get("groups", ()):
        box.checked = box._value in groups
    return form.submit(status=302).follow()


def new_login(browser: Visitor, client: Any, name: str, notify: str, go: str = "create") -> Any:
    """Fill the form of a login and press one of its buttons; gives what answers."""
    form = browser.get("/admin/logins/new/").forms["login"]
    form["client_id"], form["name"] = str(client.id), name
    form["email"], form["notify"] = f"{name.lower()}@acme.example", notify
    return form.submit("go", value=go)


def impersonate(browser: Visitor, person: Person) -> Any:
    """Press Impersonate on a login's page, and go through the door as its new tab does."""
    form = browser.get(f"/admin/logins/details/?id={person.id}").forms["impersonate"]
    form["reason"] = "Ticket 4711"
    door = form.submit(status=303).follow()
    return door.forms["impersonate"].submit(status=302).follow()


def forge(browser: Visitor, address: str, status: int, **fields: str) -> Any:
    """Send a form that no page offered, with a valid token of the sender's own."""
    home = PORTAL if address.startswith(PORTAL) else "/admin"
    token = browser.get(f"{home}/").forms["sign-out"]["csrf_token"].value
    return browser.post(address, {"csrf_token": token, **fields}, status=status)
