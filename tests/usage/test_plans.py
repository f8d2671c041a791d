"""Rate plans and their rates: made, changed, copied, given, removed; what a call would cost."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

import clients
import tenancy
from catalog import Invalid
from extensions import db
from models import AuditEntry, CallKind, Client, Rate, RatePlan
from tests.support.calls import BY
from usage import plans, rates

DAY = date(2026, 11, 10)
TYPED = {
    **{"kind": "outbound", "prefix": "1 (412)", "tier": "", "minute": "$0.009", "unit": ""},
    **{"minimum": "30", "increment": "6", "starts_on": "2026-01-01", "ends_on": ""},
}


@pytest.fixture
def plan(at_reseller) -> RatePlan:  # type: ignore[no-untyped-def]
    """A plan with a mark-up of a quarter and one rate."""
    made = RatePlan()
    plans.save(made, by=BY, name=" Standard ", markup="25 %", fixed="0.001")
    rates.save(made, None, by=BY, **TYPED)
    return made


def acme(story: Any) -> Client:
    return db.session.get_one(Client, story.acme.id)


def told() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_plan_keeps_what_was_typed(plan) -> None:
    assert (plan.name, plan.markup_basis_points, plan.markup_fixed_micros) == (
        *("Standard", 2_500),
        1_000,
    )
    assert told()[-2:] == ["rate_plan.created", "rate_plan.rate_added"]


def test_saving_a_plan_as_it_is_changes_nothing(plan) -> None:
    assert not plans.save(plan, by=BY, name="Standard", markup="25", fixed="0.001")
    assert told()[-1] == "rate_plan.rate_added"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "standard"}, "name"),
        ({"name": "A", "markup": "-5"}, "markup"),
        ({"name": "A", "markup": "12.345"}, "markup"),
        ({"name": "A", "markup": "1001"}, "markup"),
        ({"name": "A", "fixed": "cheap"}, "fixed"),
    ],
)
def test_a_wrong_plan_is_refused(plan, typed, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        plans.save(RatePlan(), by=BY, **typed)
    assert list(refused.value.problems) == [field]
    assert db.session.scalar(select(func.count(RatePlan.id))) == 1


def test_new_clients_begin_with_the_plan_that_is_for_them(plan) -> None:
    plans.save(plan, by=BY, name="Standard", is_for_new=True)
    other = RatePlan()
    plans.save(other, by=BY, name="Other", is_for_new=True)
    assert [row.is_for_new for row in (plan, other)] == [False, True]
    client = clients.create(by=BY, name="Dale", contact_email="d@dale.example")
    assert client.rate_plan_id == other.id


def test_without_such_a_plan_new_clients_have_none(plan) -> None:
    client = clients.create(by=BY, name="Dale", contact_email="d@dale.example")
    assert client.rate_plan_id is None


def rows(plan: RatePlan) -> list[tuple[Any, ...]]:
    columns = [getattr(Rate, name) for name in plans.COLUMNS]
    mine = select(*columns).where(Rate.rate_plan_id == plan.id)
    return sorted(tuple(row) for row in db.session.execute(mine))


def test_a_copy_has_the_same_rates_and_is_nobodys(plan, at_reseller) -> None:
    plans.give(plan, [acme(at_reseller)], by=BY)
    made = plans.copy(plan, by=BY, name="Gold")
    assert rows(made) == rows(plan) != []
    assert made.markup_basis_points == plan.markup_basis_points
    assert plans.clients_with(made) == []


def test_a_copy_needs_a_name_of_its_own(plan) -> None:
    with pytest.raises(Invalid, match="There is a plan Standard already"):
        plans.copy(plan, by=BY, name="Standard")


def test_a_plan_is_given_once(plan, at_reseller) -> None:
    mine = [acme(at_reseller)]
    assert [plans.give(plan, mine, by=BY), plans.give(plan, mine, by=BY)] == [1, 0]
    assert told().count("client.plan_given") == 1


def test_a_plan_that_somebody_has_stays(plan, at_reseller) -> None:
    plans.give(plan, [acme(at_reseller)], by=BY)
    with pytest.raises(Invalid, match=r"Standard is the plan of Acme\. Give them another first"):
        plans.remove(plan, by=BY)
    assert len(rows(plan)) == 1


def test_a_plan_that_nobody_has_goes_with_its_rates(plan, at_reseller) -> None:
    plans.give(plan, [acme(at_reseller)], by=BY)
    plans.take_away(acme(at_reseller), by=BY)
    plans.remove(plan, by=BY)
    assert db.session.scalar(select(func.count(Rate.id))) == 0
    assert db.session.scalar(select(func.count(RatePlan.id))) == 0


def test_a_rate_is_read_as_people_type_it(plan) -> None:
    assert rows(plan) == [
        (CallKind.OUTBOUND, "1412", "", 9_000, 0, 30, 6, date(2026, 1, 1), None),
    ]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("kind", "fax", "Choose the kind of call: inbound, outbound, toll_free, message, e911."),
        ("prefix", "PA", "Write a prefix as digits with the country code, such as 1412."),
        ("tier", "9", "There is no tier 9."),
        ("minute", "cheap", "Write an amount such as 1.50, with at most six decimals."),
        ("minute", "0.0000001", "Write an amount such as 1.50, with at most six decimals."),
        ("increment", "0", "Write whole seconds from 1 to 3,600."),
        ("minimum", "-1", "Write whole seconds from 0 to 3,600."),
        ("starts_on", "", "Say from which day on it holds, such as 2026-11-01."),
        ("starts_on", "soon", "soon is no day; write it like 2026-11-01."),
        ("ends_on", "2026-01-01", "It must end after the day on which it begins."),
        ("starts_on", "2026-01-01", "There is a rate for this from that day already."),
    ],
)
def test_a_wrong_rate_is_refused(plan, field: str, value: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        rates.save(plan, None, by=BY, **TYPED | {field: value})
    assert refused.value.problems[field].startswith(sentence)
    assert len(rows(plan)) == 1


@pytest.mark.parametrize("typed", ["0.00900000", ".009", "$0.009"])
def test_idle_zeros_of_an_amount_say_nothing(plan, typed: str) -> None:
    made = rates.save(plan, None, by=BY, **TYPED | {"prefix": "1724", "minute": typed})
    assert made.minute_micros == 9_000


def quote(plan: RatePlan, day: date = DAY, far_end: str = "(412) 555-0100") -> rates.Quote:
    return rates.quote(plan, CallKind.OUTBOUND, f"+1{far_end}", day, 31)


def test_a_call_is_quoted_by_its_longest_prefix_on_that_day(plan) -> None:
    longer = {"prefix": "1412555", "minute": "0.06", "starts_on": "2026-11-10"}
    rates.save(plan, None, by=BY, **TYPED | longer)
    before, after = quote(plan, date(2026, 11, 9)), quote(plan)
    assert (before.prefix, before.billed_seconds, before.price_micros) == ("1412", 36, 5_400)
    assert (after.prefix, after.billed_seconds, after.price_micros) == ("1412555", 36, 36_000)


def test_a_call_without_a_rate_says_so(plan) -> None:
    found = quote(plan, far_end="(724) 555-0100")
    assert (found.rate, found.prefix) == (None, "")


def test_rates_are_found_by_kind_and_prefix(plan) -> None:
    rates.save(plan, None, by=BY, **TYPED | {"kind": "inbound", "prefix": ""})
    found = db.session.scalars(rates.of(plan, "outbound", "+1 412")).all()
    assert [rate.prefix for rate in found] == ["1412"]
    assert len(db.session.scalars(rates.of(plan, "nonsense", "")).all()) == 2


def test_mallory_sees_no_plan_of_the_other_reseller(plan, at_reseller) -> None:
    db.session.commit()
    with tenancy.acting_for(at_reseller.other_reseller_id):
        assert db.session.scalar(select(func.count(RatePlan.id))) == 0
        assert db.session.get(RatePlan, plan.id) is None
