"""Spend alerts: a mail, once a month, when what a client used and owes comes to a limit."""

from datetime import date

from sqlalchemy import or_, select, update

import audit
import display
import groups
import mailer
import policy
import rollup
import tenancy
from catalog import Invalid
from columns import now
from extensions import db
from models import Client, Reseller, SpendAlert
from permissions import Actor
from usage import reports

MOST = 10


def add(client: Client, *, by: Actor, limit: str, emails: str) -> SpendAlert:
    """Watch a client's month; ``limit`` is an amount or, with %, a part of the monthly cap.

    Raises Invalid with a sentence a field.
    """
    problems: dict[str, str] = {}
    amount, percent = _limit(client, limit, problems)
    addresses = groups.read_addresses(emails, problems, "emails")
    if not addresses and "emails" not in problems:
        problems["emails"] = "Write at least one e-mail address that is told."
    if len(of(client)) >= MOST:
        problems[""] = f"A client has at most {MOST} alerts. Remove one first."
    if problems:
        raise Invalid(problems)
    alert = SpendAlert(client_id=client.id, amount_micros=amount, percent=percent, emails=addresses)
    db.session.add(alert)
    db.session.flush()
    audit.record("client.alert_added", client, by, limit=limit_words(alert), emails=addresses)
    return alert


def remove(alert: SpendAlert, *, by: Actor) -> None:
    """Stop watching."""
    audit.record("client.alert_removed", alert.client, by, limit=limit_words(alert))
    db.session.delete(alert)
    db.session.flush()


def of(client: Client) -> list[SpendAlert]:
    """List a client's alerts."""
    mine = select(SpendAlert).where(SpendAlert.client_id == client.id)
    return list(db.session.scalars(mine.order_by(SpendAlert.id)))


def limit_words(alert: SpendAlert) -> str:
    """Say an alert's limit."""
    if alert.percent is not None:
        return f"{alert.percent} % of the monthly cap"
    return display.money(alert.amount_micros, alert.client.reseller.currency)


def send_due() -> int:
    """Mail the alerts of the session's reseller whose limit is reached; gives how many.

    Each is claimed for its month first, so that of several processes one sends it.
    """
    reseller = db.session.get_one(Reseller, tenancy.current())
    span = reports.month_to_date(rollup.today(reseller.time_zone, now()))
    waiting = db.session.scalars(
        select(SpendAlert).where(
            or_(SpendAlert.sent_month.is_(None), SpendAlert.sent_month < span.first)
        )
    ).all()
    if not waiting:
        return 0
    sums = reports.by_client(span, [alert.client_id for alert in waiting])
    sent = 0
    for alert in waiting:
        so_far = sums[alert.client_id].price_micros if alert.client_id in sums else 0
        limit = _micros(alert)
        if limit is not None and so_far >= limit and _claim(alert, span.first):
            _mail(alert, span.first, so_far)
            sent += 1
    return sent


def _micros(alert: SpendAlert) -> int | None:
    """Give an alert's limit in micro-units; None for a part of a cap that there is not."""
    if alert.amount_micros is not None:
        return alert.amount_micros
    cap = policy.settings_of(alert.client).monthly_cap_micros
    return cap * (alert.percent or 0) // 100 if cap else None


def _claim(alert: SpendAlert, month: date) -> bool:
    claimed = db.session.execute(
        update(SpendAlert)
        .where(
            SpendAlert.id == alert.id,
            or_(SpendAlert.sent_month.is_(None), SpendAlert.sent_month < month),
        )
        .values(sent_month=month)
        .execution_options(synchronize_session=False)
    )
    return bool(claimed.rowcount == 1)  # type: ignore[attr-defined]


def _mail(alert: SpendAlert, month: date, so_far_micros: int) -> None:
    currency = alert.client.reseller.currency
    for address in alert.emails:
        mailer.spend_alert(
            alert.client,
            address,
            f"spend_alert:{alert.id}:{month:%Y-%m}",
            so_far=display.cents(so_far_micros, currency),
            limit=limit_words(alert),
            month=f"{month:%B %Y}",
        )


def _limit(client: Client, typed: str, problems: dict[str, str]) -> tuple[int | None, int | None]:
    text = typed.strip()
    try:
        if not text.endswith("%"):
            amount = display.to_micros(text)
            if amount:
                return amount, None
            raise ValueError("Write an amount above 0.")
        percent = int(text[:-1])
    except ValueError as wrong:
        is_percent = text.endswith("%")
        problems["limit"] = (
            "Write a whole percentage from 1 % to 200 %." if is_percent else str(wrong)
        )
        return None, None
    if not 1 <= percent <= 200:
        problems["limit"] = "Write a whole percentage from 1 % to 200 %."
    elif not policy.settings_of(client).monthly_cap_micros:
        problems["limit"] = (
            "There is no monthly cap in this client's Order Settings. Write an amount instead."
        )
    return None, percent
