"""Calls are forgotten by age: what they came to stays, and none of them counts a second time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

import retention
from columns import now
from extensions import db
from models import Call, CdrImport, CdrReject, DidAssignment, Reseller, UsageDay
from tests.support.calls import BY, LONG_AGO, assert_sums_agree, file_of, forget_charges, line, load
from tests.support.cast import Story
from usage import correcting, importing, reports
from usage.reports import Range

KEPT = 13 * timedelta(days=31)
OLD, YOUNG = KEPT + timedelta(days=2), KEPT - timedelta(days=2)


def ago(age: timedelta) -> str:
    return f"{now() - age:%Y-%m-%d} 15:00:00"


def closed_until(age: timedelta) -> date:
    return (now() - age).date()


@pytest.fixture
def kept(look, story: Story):  # type: ignore[no-untyped-def]
    """An old call and a young one in closed months, and an old one that came late; 13 months."""
    with look():
        forget_charges()
        held = update(DidAssignment).values(started_at=LONG_AGO)
        db.session.execute(held.execution_options(synchronize_session=False))
        reseller = db.session.get_one(Reseller, story.reseller_id)
        reseller.keep_call_months = 13
        db.session.commit()
        load(calls(story)[0], calls(story)[1], "nonsense", name="first.CDR")
        reseller = db.session.get_one(Reseller, story.reseller_id)
        reseller.closed_through = closed_until(timedelta(days=40))
        db.session.commit()
        load(calls(story)[2], name="late.CDR")
    return story


def calls(story: Story) -> list[str]:
    number = story.acme_number
    ages = {"old": OLD, "young": YOUNG, "late": OLD}
    return [line(key, number, at=ago(age)) for key, age in ages.items()]


def ids() -> list[str]:
    return sorted(db.session.scalars(select(Call.transaction_id)))


def sums() -> list[Any]:
    kept = (UsageDay.day, UsageDay.number, UsageDay.calls, UsageDay.price_micros)
    return sorted(map(tuple, db.session.execute(select(*kept))))


def forget(app: Any) -> int:
    with app.app_context():
        return retention.forget_due()


def test_an_old_call_of_a_closed_month_goes_and_its_sums_stay(app, look, kept) -> None:
    with look():
        before = sums()
    assert forget(app) == 1
    assert forget(app) == 0
    with look():
        assert ids() == ["late", "young"]
        assert sums() == before
        assert_sums_agree()


def test_no_call_goes_while_its_month_is_open(app, look, kept) -> None:
    with look():
        db.session.get_one(Reseller, kept.reseller_id).closed_through = None
        db.session.commit()
    assert forget(app) == 0
    with look():
        assert ids() == ["late", "old", "young"]
        assert db.session.get_one(Reseller, kept.reseller_id).calls_forgotten_before is None


def test_an_overlapping_file_counts_no_forgotten_call_again(app, look, kept) -> None:
    forget(app)
    with look():
        before = sums()
        row = load(*calls(kept), line("new", kept.acme_number, at=ago(YOUNG)), name="again.CDR")
        assert (row.added, row.repeated, row.bad) == (1, 1, 2)
        assert ids() == ["late", "new", "young"]
        assert sums() != before
        reasons = db.session.scalars(
            select(CdrReject.reason).where(CdrReject.cdr_import_id == row.id)
        )
        first = (now() - KEPT).date()
        sentence = f"{ago(OLD)} lies before {first}; older calls are not kept."
        assert list(reasons) == [sentence, sentence]
        assert_sums_agree()


def test_a_file_that_was_begun_before_takes_none_in_after(app, look, kept, monkeypatch) -> None:
    """The first bunch is written, then old calls are forgotten, then the file goes on."""
    monkeypatch.setattr(importing, "CHUNK", 1)
    monkeypatch.setattr(importing.pieces, "SOON", 1)
    new = line("new", kept.acme_number, at=ago(YOUNG))
    with look():
        row = importing.receive(
            file_of(new, calls(kept)[0], new.replace(";new;", ";newer;")),
            "slow.CDR",
            by=BY,
            owner="us",
        ).row
        key = row.id
        importer = importing.Importer(key, "us")
        assert not importer.go_on(0.0)
    forget(app)
    with look():
        while not importer.go_on(0.0):
            pass
        row = db.session.get_one(CdrImport, key)
        assert (row.added, row.repeated, row.bad) == (2, 0, 1)
        assert ids() == ["late", "new", "newer", "young"]


def test_a_bad_line_is_not_put_right_into_a_forgotten_call(app, look, kept) -> None:
    forget(app)
    with look():
        bad = db.session.scalars(select(CdrReject)).one()
        texts = {bad.id: calls(kept)[0]}
        assert correcting.put_right(bad.cdr_import_id, texts, by=BY) == (0, 0, 1)
        assert "older calls are not kept" in db.session.get_one(CdrReject, bad.id).reason
        assert ids() == ["late", "young"]


@pytest.mark.parametrize(("minutes", "gone"), [(1, 1), (-1, 0)])
def test_bad_lines_go_with_the_age_of_their_file(app, look, kept, minutes, gone) -> None:
    with look():
        db.session.execute(update(Call).values(started_at=now()))
        row = db.session.scalars(select(CdrImport).order_by(CdrImport.id)).first()
        row.ended_at = now() - KEPT - timedelta(minutes=minutes)
        db.session.commit()
    assert forget(app) == gone
    with look():
        assert len(db.session.scalars(select(CdrReject)).all()) == 1 - gone


def test_another_resellers_calls_stay(app, look, kept) -> None:
    with look():
        db.session.get_one(Reseller, kept.reseller_id).keep_call_months = None
        db.session.commit()
    with look(kept.other_reseller_id):
        db.session.get_one(Reseller, kept.other_reseller_id).keep_call_months = 13
        db.session.commit()
    assert forget(app) == 0


def test_both_areas_say_from_when_on_calls_are_kept(
    app, look, kept, visitor, alice, bob, acme
) -> None:
    number, day = kept.acme_number, (now() - OLD).date()
    days = f"from={day}&to={day + timedelta(days=20)}"
    office = f"/admin/clients/{acme.id}/usage/numbers/{number}?{days}"
    mine = f"/portal/keystone/usage/{number}?{days}"
    for person, path in ((alice, office), (bob, mine)):
        page = visitor(person).get(path)
        assert (len(page.html.select("#calls tbody tr")), page.html.find(id="kept-from")) == (
            2,
            None,
        )
    forget(app)
    for person, path in ((alice, office), (bob, mine)):
        page = visitor(person).get(path)
        assert len(page.html.select("#calls tbody tr")) == 1
        assert page.html.find(id="kept-from").get_text().startswith("Single calls are kept from ")
        assert "2 calls" in page.html.select_one(".page-intro").get_text()


@pytest.mark.parametrize(
    ("zone", "first"), [("UTC", 1), ("America/New_York", 1), ("Asia/Kolkata", 2)]
)
def test_the_first_day_whose_calls_are_all_kept_is_told_in_the_resellers_zone(
    zone: str, first: int
) -> None:
    midnight = datetime.combine(date(2026, 11, 1), time(), UTC)
    reseller = Reseller(time_zone=zone, calls_forgotten_before=midnight)
    day = date(2026, 11, first)
    assert reports.kept_from(Range(date(2026, 10, 1), date(2026, 11, 30)), reseller) == day
    assert reports.kept_from(Range(day, day), reseller) is None
    assert reports.kept_from(Range(day, day), Reseller(time_zone=zone)) is None
