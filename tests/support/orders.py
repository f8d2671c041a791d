"""Orders in any state for tests of screens, made by the doors that people use; commits."""

from sqlalchemy import func, select
from webtest import TestResponse

import permissions
import workflow
from extensions import db
from lines import Request
from models import Did, Login, Mail, Order, OrderEvent, Staff
from permissions import Actor
from tests.support.cast import Person


def actor(person: Person) -> Actor:
    """Make the actor of one of the cast."""
    if person.is_staff:
        return permissions.staff_actor(db.session.get_one(Staff, person.id))
    return permissions.login_actor(db.session.get_one(Login, person.id))


def ask(
    person: Person,
    *numbers: str,
    kind: str = "did_order",
    note: str | None = None,
    **settings: str,
) -> str:
    """Send an order as a login; gives its number, which outlives the session."""
    asked = [Request(number, settings or None) for number in numbers]
    client = db.session.get_one(Login, person.id).client
    order = workflow.submit(client, kind, asked, actor(person), note=note)
    db.session.commit()
    return order.number


def find(number: str) -> Order:
    """Find an order by its number, as it stands in the database."""
    db.session.expire_all()
    return db.session.scalars(select(Order).where(Order.number == number)).one()


def approve(number: str, person: Person) -> None:
    """Approve an order as one of the staff."""
    workflow.approve(find(number), actor(person))
    db.session.commit()


def reject(number: str, person: Person, reason: str = "Not this month.") -> None:
    """Reject an order as one of the staff."""
    workflow.reject(find(number), actor(person), reason)
    db.session.commit()


def cancel(number: str, person: Person) -> None:
    """Withdraw an order as its client."""
    workflow.cancel(find(number), actor(person))
    db.session.commit()


def snapshot(number: str) -> tuple[str, int, int]:
    """Tell an order's state, how many events it has and how many mails it caused."""
    order = find(number)
    events = select(func.count(OrderEvent.id)).where(OrderEvent.order_id == order.id)
    mails = select(func.count(Mail.id)).where(Mail.order_id == order.id)
    return order.state.value, db.session.scalar(events) or 0, db.session.scalar(mails) or 0


def owner(number: str) -> int | None:
    """Tell which client has a telephone number."""
    return db.session.scalars(select(Did.client_id).where(Did.number == number)).one()


def press(page: TestResponse, button_id: str, status: int) -> TestResponse:
    """Press a button that sends a form to an address of its own, as a browser does."""
    button = page.html.find(id=button_id)
    assert button, f"There is no button {button_id}."
    form = page.forms[button["form"]]
    return page.test_app.post(button["formaction"], form.submit_fields(), status=status)
