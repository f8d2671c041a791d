"""What the tests of signing in do to people, and the forms they fill; not who the cast are."""

import re
from collections.abc import Callable

from flask import Flask
from sqlalchemy import func, select
from webtest import TestResponse

import credentials
import forgotten
import mailer
import tenancy
from columns import now
from extensions import db
from models import (
    AccountStatus,
    Client,
    ClientStatus,
    Invitation,
    Login,
    Mail,
    Reseller,
    Role,
    Staff,
    WebSession,
)
from tests.support.cast import PASSWORD, Person, Story
from tests.support.web import Visitor

WRONG = "The address or the password is not right. Check both and try again."


def row_of(person: Person) -> Staff | Login:
    """Fetch the row of one of the cast; the caller works across resellers."""
    return db.session.get_one(Staff if person.is_staff else Login, person.id)


def disable(person: Person) -> None:
    row_of(person).status = AccountStatus.DISABLED


def suspend_client(person: Person) -> None:
    db.session.get_one(Client, person.client_id).status = ClientStatus.SUSPENDED


def close_client(person: Person) -> None:
    db.session.get_one(Client, person.client_id).status = ClientStatus.CLOSED


def stop_reseller(person: Person) -> None:
    db.session.get_one(Reseller, person.reseller_id).is_active = False


def let_expire(person: Person) -> None:
    row_of(person).expires_at = now()


def change(app: Flask, act: Callable[[Person], None], person: Person) -> None:
    """Do something to a person, and commit it."""
    with app.app_context(), tenancy.across_resellers():
        act(person)
        db.session.commit()


def link_for(app: Flask, person: Person) -> str:
    """Make an invitation for a person; gives the path of its link."""
    with app.app_context(), tenancy.across_resellers():
        link = credentials.link(credentials.invite(row_of(person)))
        db.session.commit()
    return link.removeprefix("http://localhost")


def live_sessions(app: Flask, person: Person) -> int:
    """Count the sessions of a person that have not ended."""
    column = WebSession.staff_id if person.is_staff else WebSession.login_id
    return _count(app, WebSession, column == person.id, WebSession.ended_at.is_(None))


def open_links(app: Flask, person: Person) -> int:
    """Count the links of a person that have not ended."""
    column = Invitation.staff_id if person.is_staff else Invitation.login_id
    return _count(app, Invitation, column == person.id, Invitation.ended_at.is_(None))


def mails_to(app: Flask, address: str) -> list[str]:
    """List the kinds of the mails to an address, oldest first."""
    with app.app_context(), tenancy.across_resellers():
        wanted = select(Mail.kind).where(Mail.to_address == address).order_by(Mail.id)
        return list(db.session.scalars(wanted))


def link_in_mail_to(app: Flask, address: str) -> str:
    """Read the single-use link in the last mail to an address, as it is delivered."""
    with app.app_context(), tenancy.across_resellers():
        wanted = select(Mail).where(Mail.to_address == address, Mail.invitation_id.is_not(None))
        mail = db.session.scalars(wanted.order_by(Mail.id.desc())).first()
        text, _ = mailer.filled(mail)
    return next(word for word in text.split() if "://" in word and "/set-password/" in word)


def password_of(app: Flask, person: Person) -> str | None:
    """Read a person's stored hash."""
    with app.app_context(), tenancy.across_resellers():
        return row_of(person).password_hash


def _count(app: Flask, model: type, *wanted: object) -> int:
    with app.app_context(), tenancy.across_resellers():
        return db.session.scalar(select(func.count(model.id)).where(*wanted)) or 0


def sign_in_address(person: Person) -> str:
    return "/admin/login" if person.is_staff else f"/portal/{person.slug}/sign-in"


def home_of(person: Person) -> str:
    return "/admin/" if person.is_staff else f"/portal/{person.slug}/"


def try_to_sign_in(browser: Visitor, address: str, email: str, password: str) -> TestResponse:
    """Fill the form as a person would; gives whatever comes."""
    form = browser.get(address).forms["sign-in"]
    form["email"], form["password"] = email, password
    return form.submit(expect_errors=True)


def ask_for_link(browser: Visitor, address: str, email: str) -> TestResponse:
    form = browser.get(address).forms["forgotten"]
    form["email"] = email
    answer = form.submit(expect_errors=True)
    answer_forgotten(browser.flask)
    return answer


def answer_forgotten(app: Flask) -> int:
    """Mail the links that were asked for, as the background does a moment later."""
    with app.app_context():
        return forgotten.answer_due()


def choose_password(browser: Visitor, path: str, password: str) -> TestResponse:
    form = browser.get(path).forms["set-password"]
    form["password"] = password
    return form.submit(expect_errors=True)


def is_inside(browser: Visitor, person: Person) -> bool:
    """Tell whether this browser sees the person's first page."""
    return browser.get(home_of(person), expect_errors=True).status_int == 200


def essence(response: TestResponse, email: str) -> tuple[object, ...]:
    """Give what an outsider can compare: status, body and headers, but what always differs."""
    body = re.sub(r'name="csrf_token" value="[^"]+"', "", response.text).replace(email, "<typed>")
    varying = {"X-Request-Id", "Set-Cookie", "Content-Length"}
    headers = sorted((k, v) for k, v in response.headers.items() if k not in varying)
    return response.status_int, body, tuple(headers)


def set_cookie_names(response: TestResponse) -> list[str]:
    return [value.split("=")[0] for value in response.headers.getall("Set-Cookie")]


def token_on(page: TestResponse) -> str:
    """Take the form token that stands on a page."""
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def owner_of(story: Story) -> Person:
    """Make Olga, who owns the account of Alice's reseller; commits."""
    with tenancy.acting_for(story.reseller_id):
        olga = Staff(
            reseller_id=story.reseller_id,
            name="Olga",
            email="olga@keystone.example",
            role=Role.OWNER,
            status=AccountStatus.ACTIVE,
            password_hash=credentials.hash_password(PASSWORD),
        )
        db.session.add(olga)
        db.session.commit()
        return Person(olga.id, "Olga", olga.email, story.reseller_id, "keystone", is_staff=True)
