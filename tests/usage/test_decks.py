"""Files of rates: previewed line by line, taken in as a whole, dated, replacing, and once."""

import gzip
import io
from typing import Any

import pytest
from sqlalchemy import select

from catalog import Invalid
from extensions import db
from models import CallKind, Rate, RateDeck, RatePlan
from tests.support.calls import BY
from usage import decks, plans

HEAD = "Prefix,Rate,Minimum,Increment"


@pytest.fixture
def plan(at_reseller) -> RatePlan:  # type: ignore[no-untyped-def]
    """A plan without rates."""
    made = RatePlan()
    plans.save(made, by=BY, name="Standard")
    return made


def upload(plan: RatePlan, *lines: str, head: str = HEAD, **terms: Any) -> RateDeck:
    content = "\n".join((head, *lines, "")).encode()
    read = decks.Terms(**{"kind": "outbound", "starts_on": "2026-11-01"} | terms)
    deck = decks.read(plan.id, io.BytesIO(content), "deck.csv", by=BY, terms=read)
    decks.keep(deck)
    return deck


def take(plan: RatePlan, *lines: str, **terms: Any) -> decks.Counts | None:
    return decks.apply(upload(plan, *lines, **terms), by=BY)


def rates(plan: RatePlan) -> dict[tuple[str, str], tuple[int, str | None]]:
    """Map prefix and first day to the price of a minute and the last day."""
    found = db.session.scalars(select(Rate).where(Rate.rate_plan_id == plan.id))
    return {
        (rate.prefix, str(rate.starts_on)): (
            rate.minute_micros,
            str(rate.ends_on) if rate.ends_on else None,
        )
        for rate in found
    }


def counted(deck: RateDeck) -> tuple[int, ...]:
    return tuple(deck.counts[key] for key in ("lines", "bad", "new", "changed", "same", "ending"))


def test_a_preview_changes_nothing(plan) -> None:
    deck = upload(plan, "1412,0.009,30,6", "1724,0.011,30,6")
    assert counted(deck) == (2, 0, 2, 0, 0, 0)
    assert rates(plan) == {}


def test_a_file_becomes_rates(plan) -> None:
    take(plan, "+1 412,0.00900000,30,6", "44,0.02,60,60")
    row = db.session.scalars(select(Rate).where(Rate.prefix == "1412")).one()
    assert (row.kind, row.minute_micros, row.minimum_seconds, row.increment_seconds) == (
        *(CallKind.OUTBOUND, 9_000, 30),
        6,
    )
    assert rates(plan)["44", "2026-11-01"] == (20_000, None)


def test_a_file_is_taken_in_once(plan) -> None:
    deck = upload(plan, "1412,0.009,30,6")
    assert decks.apply(deck, by=BY).new == 1
    assert decks.apply(deck, by=BY) is None
    assert len(rates(plan)) == 1


def test_a_later_file_holds_from_its_day_and_leaves_what_was(plan) -> None:
    take(plan, "1412,0.009,30,6")
    take(plan, "1412,0.007,30,6", starts_on="2026-12-01")
    assert rates(plan) == {
        ("1412", "2026-11-01"): (9_000, None),
        ("1412", "2026-12-01"): (7_000, None),
    }


def test_the_same_day_again_corrects_the_rate(plan) -> None:
    take(plan, "1412,0.009,30,6", "1724,0.01,30,6")
    deck = upload(plan, "1412,0.008,30,6", "1724,0.01,30,6")
    assert counted(deck) == (2, 0, 0, 1, 1, 0)
    decks.apply(deck, by=BY)
    assert rates(plan)["1412", "2026-11-01"] == (8_000, None)


def test_a_file_that_replaces_ends_what_it_does_not_have(plan) -> None:
    take(plan, "1412,0.009,30,6", "1724,0.01,30,6")
    take(plan, "1814,0.02,30,6", starts_on="2027-01-01")
    take(plan, "1,0.3,30,6", kind="inbound")
    deck = upload(plan, "1412,0.009,30,6", starts_on="2026-12-01", replaces=True)
    assert counted(deck) == (1, 0, 1, 0, 0, 2)
    decks.apply(deck, by=BY)
    assert rates(plan) == {
        ("1412", "2026-11-01"): (9_000, None),
        ("1412", "2026-12-01"): (9_000, None),
        ("1724", "2026-11-01"): (10_000, "2026-12-01"),
        ("1", "2026-11-01"): (300_000, None),
    }


def test_every_bad_line_is_named(plan) -> None:
    deck = upload(plan, "1412,0.009,30,6", "PA,0.01,30,6", "1724,,30,6", "1412,1,1,1", "1,2,3,4")
    assert (deck.counts["bad"], deck.counts["new"]) == (3, 2)
    assert [(one.line, one.reason) for one in decks.bad_lines(deck)] == [
        (3, "Write a prefix as digits with the country code, such as 1412."),
        (4, "Write an amount such as 1.50, with at most six decimals."),
        (5, "Line 2 has the same prefix, tier and day."),
    ]


def test_bad_lines_stand_aside_when_nothing_is_replaced(plan) -> None:
    assert take(plan, "1412,0.009,30,6", "1724,0.01,30,6", "PA,0.01,30,6").new == 2


@pytest.mark.parametrize(
    ("lines", "terms", "sentence"),
    [
        (["PA,1,1,1", "NY,1,1,1", "1,1,1,1"], {}, "2 of 3 lines cannot be read."),
        ([], {}, "0 of 0 lines cannot be read."),
        (["1,1,1,1", "2,1,1,1", "PA,1,1,1"], {"replaces": True}, "A rate that stands only in"),
    ],
)
def test_a_file_that_would_lose_rates_is_refused(plan, lines, terms, sentence: str) -> None:
    take(plan, "1724,0.01,30,6")
    deck, before = upload(plan, *lines, **terms), rates(plan)
    with pytest.raises(Invalid, match=sentence):
        decks.apply(deck, by=BY)
    assert (rates(plan), deck.applied_at) == (before, None)


@pytest.mark.parametrize("head", ["", "a,b", "prefix,colour", "minute,unit"])
def test_a_file_of_another_kind_is_refused(plan, head: str) -> None:
    with pytest.raises(Invalid) as refused:
        upload(plan, "1,2", head=head)
    assert "The first line must name the columns" in refused.value.problems["file"]


def test_a_damaged_file_is_refused(plan) -> None:
    whole = gzip.compress(b"prefix,rate\n" + b"1412,0.01\n" * 5_000)
    terms = decks.Terms("outbound", "2026-11-01")
    with pytest.raises(Invalid, match="its compression is damaged"):
        decks.read(plan.id, io.BytesIO(whole[:40]), "deck.csv.gz", by=BY, terms=terms)


def test_a_gzipped_file_with_semicolons_and_american_days_is_read(plan) -> None:
    content = "\ufeffDial Code;Price;Effective Date;Colour\n1412;0.01;11/02/2026;red\n"
    stream = io.BytesIO(gzip.compress(content.encode()))
    terms = decks.Terms("outbound", "2026-11-01")
    deck = decks.read(plan.id, stream, "deck.csv.gz", by=BY, terms=terms)
    decks.keep(deck)
    assert deck.counts["ignored"] == ["Colour"]
    decks.apply(deck, by=BY)
    assert rates(plan) == {("1412", "2026-11-02"): (10_000, None)}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_from_a_spreadsheet_is_read_in_its_encoding(plan, encoding: str) -> None:
    content = f"{HEAD}\n1412,0.009,30,6\n1724,0.011,30,6\n".encode(encoding)
    read = decks.Terms(kind="outbound", starts_on="2026-11-01")
    deck = decks.read(plan.id, io.BytesIO(content), "deck.csv", by=BY, terms=read)
    decks.keep(deck)
    assert counted(deck) == (2, 0, 2, 0, 0, 0)


def test_prefixes_without_the_one_get_it(plan) -> None:
    take(plan, "412,0.01,6,6", "412555,0.02,6,6", without_one=True)
    assert [prefix for prefix, _ in rates(plan)] == ["1412", "1412555"]


def test_prices_by_tier_need_no_prefix(plan, at_reseller) -> None:
    take(plan, "1,0.01", head="Tier,Minute", kind="inbound")
    row = db.session.scalars(select(Rate)).one()
    assert (row.tier, row.prefix, row.minute_micros) == ("1", "", 10_000)


def test_a_file_without_terms_says_what_is_missing(plan) -> None:
    with pytest.raises(Invalid) as refused:
        upload(plan, "1,1,1,1", kind="", starts_on="")
    assert sorted(refused.value.problems) == ["kind", "starts_on"]
