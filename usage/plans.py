"""Rate plans: making, changing, copying, giving and removing one.

Its rates one by one are ``rates``, whole files of them ``decks``; what a call comes to ``rating``.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, func, select, update

import audit
import display
import tenancy
from catalog import Invalid
from clients import typed
from did_import.bulk import insert_rows
from extensions import db
from models import Client, Rate, RateDeck, RatePlan
from permissions import Actor
from usage import rates

CHUNK = 5_000
MOST_PERCENT = 1_000
COLUMNS = (
    *("kind", "prefix", "tier", "minute_micros", "unit_micros"),
    *("minimum_seconds", "increment_seconds", "starts_on", "ends_on"),
)
"""What makes a rate, in the order of a deck's file."""


# --- Plans --------------------------------------------------------------------------------------


def save(plan: RatePlan, *, by: Actor, is_for_new: bool = False, **details: str | None) -> bool:
    """Make or change a plan; tell whether anything changed.

    ``details`` are name, markup (percent) and fixed (an amount) as typed. Raises Invalid.
    """
    values = _plan_values(plan, details) | {"is_for_new": is_for_new}
    is_new = plan.id is None
    changes = {
        key: value if is_new else [getattr(plan, key), value]
        for key, value in values.items()
        if is_new or getattr(plan, key) != value
    }
    if is_for_new and (is_new or not plan.is_for_new):
        others = update(RatePlan).where(RatePlan.is_for_new).values(is_for_new=False)
        db.session.execute(others)
    for key, value in values.items():
        setattr(plan, key, value)
    if is_new:
        plan.reseller_id = tenancy.current()
    rates.flush(plan, {"name": "Another plan has just taken this name."})
    if changes:
        audit.record(f"rate_plan.{'created' if is_new else 'changed'}", plan, by, **changes)
    return bool(changes)


def copy(plan: RatePlan, *, by: Actor, name: str | None) -> RatePlan:
    """Make a plan with the same mark-up and rates under another name; raises Invalid."""
    made = RatePlan()
    values = _plan_values(made, {"name": name})
    made.reseller_id, made.name = tenancy.current(), values["name"]
    made.markup_basis_points = plan.markup_basis_points
    made.markup_fixed_micros = plan.markup_fixed_micros
    rates.flush(made, {"name": "Another plan has just taken this name."})
    copied = 0
    for rows in in_chunks(plan):
        alike = [dict(zip(COLUMNS, row, strict=True)) for _, *row in rows]
        insert_rows(Rate, [row | {"rate_plan_id": made.id} for row in alike], tenancy.current())
        copied += len(rows)
    audit.record("rate_plan.copied", made, by, of=plan.name, rates=copied)
    return made


def remove(plan: RatePlan, *, by: Actor) -> None:
    """Remove a plan that nobody has, with its rates; raises Invalid that says who has it."""
    having = clients_with(plan)
    if having:
        names = ", ".join(client.name for client in having[:3])
        more = f" and {display.plural(len(having) - 3, 'more client')}" if len(having) > 3 else ""
        raise Invalid({"": f"{plan.name} is the plan of {names}{more}. Give them another first."})
    audit.record("rate_plan.removed", plan, by)
    for model in (RateDeck, Rate):
        db.session.execute(delete(model).where(model.rate_plan_id == plan.id))
    db.session.execute(delete(RatePlan).where(RatePlan.id == plan.id))


def give(plan: RatePlan, clients: Iterable[Client], *, by: Actor) -> int:
    """Let clients pay by a plan from the next call on; gives how many had another before."""
    changed = 0
    for client in clients:
        if client.rate_plan_id == plan.id:
            continue
        before = db.session.get(RatePlan, client.rate_plan_id) if client.rate_plan_id else None
        client.rate_plan_id = plan.id
        audit.record(
            "client.plan_given", client, by, rate_plan=[before.name if before else None, plan.name]
        )
        changed += 1
    db.session.flush()
    return changed


def take_away(client: Client, *, by: Actor) -> None:
    """Let a client pay what its calls cost, without a plan."""
    if client.rate_plan_id is None:
        return
    before = db.session.get_one(RatePlan, client.rate_plan_id)
    client.rate_plan_id = None
    audit.record("client.plan_given", client, by, rate_plan=[before.name, None])
    db.session.flush()


def clients_with(plan: RatePlan) -> list[Client]:
    """List the clients who pay by a plan."""
    having = select(Client).where(Client.rate_plan_id == plan.id)
    return list(db.session.scalars(having.order_by(func.lower(Client.name))))


def counts() -> tuple[dict[int, int], dict[int, int]]:
    """Count the rates and the clients of every plan, by the plan's id."""
    of_plan = select(Rate.rate_plan_id, func.count(Rate.id)).group_by(Rate.rate_plan_id)
    having = select(Client.rate_plan_id, func.count(Client.id)).group_by(Client.rate_plan_id)
    found = [dict(db.session.execute(one).all()) for one in (of_plan, having)]  # type: ignore[arg-type]
    return found[0], found[1]  # type: ignore[return-value]


def markup(plan: RatePlan) -> str:
    """Say what a plan adds to the cost of a call without a rate; empty for nothing."""
    parts = []
    if plan.markup_basis_points:
        parts.append(f"{percent(plan.markup_basis_points)} %")
    if plan.markup_fixed_micros:
        parts.append(display.money(plan.markup_fixed_micros))
    return " and ".join(parts)


def percent(basis_points: int) -> str:
    """Write hundredths of a percent: 25, 2.5."""
    return f"{basis_points // 100}.{basis_points % 100:02d}".rstrip("0").rstrip(".")


# --- What is typed --------------------------------------------------------------------------------


def _plan_values(plan: RatePlan, details: Mapping[str, str | None]) -> dict[str, Any]:
    problems: dict[str, str] = {}
    name = typed.line_of(details.get("name"))
    if not name or len(name) > 80:
        problems["name"] = "Write a name of at most 80 characters."
    elif _is_taken(plan, name):
        problems["name"] = f"There is a plan {name} already. Write a different name."
    markup = _percent(details.get("markup"), problems)
    fixed = rates.amount(details.get("fixed"), "fixed", problems)
    if problems:
        raise Invalid(problems)
    return {"name": name, "markup_basis_points": markup, "markup_fixed_micros": fixed}


def _is_taken(plan: RatePlan, name: str) -> bool:
    same = select(RatePlan.id).where(func.lower(RatePlan.name) == name.lower())
    with db.session.no_autoflush:
        return db.session.scalar(same.where(RatePlan.id != (plan.id or 0)).limit(1)) is not None


def _percent(text: str | None, problems: dict[str, str]) -> int:
    match = re.fullmatch(r"(\d{1,4})(?:\.(\d{1,2}))?\s*%?", (text or "0").strip() or "0")
    if match is None or int(match[1]) > MOST_PERCENT:
        problems["markup"] = f"Write a percentage from 0 to {MOST_PERCENT:,}, such as 25 or 12.5."
        return 0
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def in_chunks(plan: RatePlan) -> Iterable[Any]:
    """Go through the rates of a plan by their ids: id, then the columns of a rate."""
    after = 0
    columns = [getattr(Rate, name) for name in COLUMNS]
    while True:
        wanted = select(Rate.id, *columns).where(Rate.rate_plan_id == plan.id, Rate.id > after)
        rows = db.session.execute(wanted.order_by(Rate.id).limit(CHUNK)).all()
        if not rows:
            return
        yield rows
        after = rows[-1][0]
