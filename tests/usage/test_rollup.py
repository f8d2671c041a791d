"""The sums of clients by day and by month always are what those of numbers come to."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rollup
import tenancy
from extensions import db
from models import UsageClientDay, UsageKind
from tests.support.calls import SUMS, assert_sums_agree, forget_charges

FIRST = date(2026, 10, 28)
amounts = st.integers(0, 10**12)


@pytest.fixture
def empty(at_reseller):  # type: ignore[no-untyped-def]
    """The story without any sums."""
    forget_charges()
    db.session.commit()
    return at_reseller


def calls(owners: list[int | None]) -> Any:
    """Draw calls of few keys, so that they meet."""
    drawn = st.fixed_dictionaries(
        {
            "day": st.integers(0, 8).map(lambda n: FIRST + timedelta(days=n)),
            "client_id": st.sampled_from(owners),
            "number": st.sampled_from(["+14125550101", "+14125550102", ""]),
            "kind": st.sampled_from(UsageKind),
            "billed_seconds": st.integers(0, 10**6),
            "cost_micros": amounts,
            "price_micros": amounts,
        }
    )
    return st.lists(drawn, max_size=12)


@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_sums_agree_whatever_is_added_and_taken_off(empty, data) -> None:
    tenant, held = tenancy.current(), []
    try:
        for _ in range(data.draw(st.integers(1, 4))):
            gone = data.draw(st.lists(st.sampled_from(held), unique_by=id) if held else st.just([]))
            new = data.draw(calls([empty.acme.id, empty.birch.id, None]))
            held = [one for one in held if all(one is not other for other in gone)] + new
            rollup.drop_empty(rollup.add_up(new, tenant, less=gone))
            assert_sums_agree()
        assert db.session.query(UsageClientDay).count() == len(
            {(one["day"], one["client_id"], one["kind"]) for one in held}
        )
    finally:
        db.session.rollback()


def test_a_sum_that_did_not_follow_is_noticed(empty) -> None:
    row = {"day": FIRST, "client_id": None, "number": "", "kind": "setup"}
    rollup.add_up([row | {"cost_micros": 1, "price_micros": 2}], tenancy.current())
    assert_sums_agree()
    for table in SUMS:
        db.session.query(table).update({"price_micros": 3})
        with pytest.raises(AssertionError):
            assert_sums_agree()
        db.session.query(table).update({"price_micros": 2})
    db.session.rollback()
