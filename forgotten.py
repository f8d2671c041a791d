"""Who asked for a link because of a forgotten password, answered a moment later in the background.

The request writes down what was typed, whether or not anybody has that address, so that it takes
as long for a stranger; only the job looks for the person and writes the mail.
"""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

import credentials
import mailer
import tenancy
from columns import now
from extensions import db
from models import Client, ForgottenPassword, Login, Staff
from permissions import is_login_open, is_staff_open

TOO_OLD = timedelta(hours=1)
"""Who waited this long has asked again; a restored backup must not mail anybody."""


def ask(email: str, reseller_id: int | None) -> None:
    """Note that a link was asked for: by a login of a reseller, or, without one, by staff."""
    db.session.add(ForgottenPassword(email=email, at_reseller_id=reseller_id))


def answer_due() -> int:
    """Mail the links that were asked for; gives how many were. Works alone, and commits."""
    with tenancy.across_resellers():
        waiting = list(db.session.scalars(select(ForgottenPassword.id)))
        db.session.rollback()
        return sum(_answer(key) for key in waiting)


def _answer(key: int) -> bool:
    """Take one of them away, and mail its link in the same transaction: of two jobs, one does."""
    taken = db.session.execute(
        delete(ForgottenPassword)
        .where(ForgottenPassword.id == key)
        .returning(ForgottenPassword.email, ForgottenPassword.at_reseller_id, ForgottenPassword.at)
    ).first()
    person = _find(taken.email, taken.at_reseller_id) if taken is not None else None
    is_answered = (
        taken is not None
        and taken.at > now() - TOO_OLD
        and person is not None
        and person.password_hash is not None
        and _is_open(person)
    )
    if is_answered and person is not None:
        with tenancy.acting_for(person.reseller_id):
            mailer.password_forgotten(person, credentials.invite(person))
    db.session.commit()
    return is_answered


def _find(email: str, reseller_id: int | None) -> Staff | Login | None:
    if reseller_id is None:
        way = select(Staff).where(Staff.email == email).options(joinedload(Staff.reseller))
        return db.session.scalar(way)
    return db.session.scalar(
        select(Login)
        .where(Login.reseller_id == reseller_id, Login.email == email)
        .options(joinedload(Login.client).joinedload(Client.reseller))
    )


def _is_open(person: Staff | Login) -> bool:
    return is_staff_open(person) if isinstance(person, Staff) else is_login_open(person, now())
