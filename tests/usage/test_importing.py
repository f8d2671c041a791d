"""Call files become calls exactly once; bad lines stand aside; sums follow (issue: usage)."""

import gc
import io
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

import endpoints
import rollup
import tenancy
from columns import now
from extensions import db
from models import (
    Call,
    CdrImport,
    CdrImportPart,
    CdrReject,
    DidAssignment,
    Endpoint,
    EndpointAssignment,
    EndpointGroup,
    ImportState,
    Reseller,
    UsageDay,
)
from tests.support.calls import (
    BY,
    HEADER,
    LONG_AGO,
    assert_sums_agree,
    file_of,
    forget_charges,
    line,
    load,
)
from usage import due, importing, receiving, reports
from usage.reports import Range

NOVEMBER = Range(date(2026, 11, 1), date(2026, 11, 30))


@pytest.fixture
def held(at_reseller):  # type: ignore[no-untyped-def]
    """The story, with the clients' numbers held since long ago, and nothing charged yet."""
    forget_charges()
    db.session.execute(
        update(DidAssignment)
        .values(started_at=LONG_AGO)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return at_reseller


def counted() -> tuple[int, int, int]:
    """Count calls, and what sums and calls add up to, which must agree."""
    calls, price = db.session.execute(
        select(func.count(Call.id), func.coalesce(func.sum(Call.price_micros), 0))
    ).one()
    summed, money = db.session.execute(
        select(
            func.coalesce(func.sum(UsageDay.calls), 0),
            func.coalesce(func.sum(UsageDay.price_micros), 0),
        )
    ).one()
    assert (calls, price) == (summed, money)
    assert_sums_agree()
    return calls, int(price), int(money)


def test_a_call_is_its_clients_and_added_up(held) -> None:
    row = load(line("a", held.acme_number), line("b", held.birch_number, seconds=0))
    assert (row.state, row.added, row.bad) == (ImportState.DONE, 2, 0)
    mine = reports.report(NOVEMBER, client_id=held.acme.id)
    assert (mine.total.calls, mine.total.price_micros) == (1, 10_000)
    assert mine.by_day[date(2026, 11, 10)].calls == 1
    assert list(reports.by_number(NOVEMBER, held.acme.id)) == [held.acme_number]


@pytest.mark.parametrize("name", ["20261110_20261111.CDR", "renamed.CDR"])
@pytest.mark.parametrize("zipped", [False, True])
def test_the_same_file_again_leads_to_its_first_import(held, name: str, zipped: bool) -> None:
    lines = [line(str(n), held.acme_number) for n in range(30)]
    first = load(*lines)
    before = counted()
    again = load(*lines, name=name, zipped=zipped)
    assert (again.id, again.added, again.repeated) == (first.id, 30, 0)
    assert counted() == before
    assert db.session.query(CdrImport).count() == 1


def test_a_file_that_was_cut_off_and_is_sent_again_adds_the_rest(held) -> None:
    lines = [line(str(n), held.acme_number) for n in range(30)]
    cut = file_of(*lines).getvalue()[:-250]
    first = importing.run(io.BytesIO(cut), "20261110_20261111.CDR", by=BY)
    assert (first.added, first.bad) == (28, 1)
    again = load(*lines)
    assert (again.added, again.repeated, again.bad) == (2, 28, 0)
    assert counted()[0] == 30


def test_an_overlapping_file_adds_what_is_new(held) -> None:
    load(*(line(str(n), held.acme_number) for n in range(20)))
    later = load(*(line(str(n), held.acme_number) for n in range(10, 30)), name="later.CDR")
    assert (later.added, later.repeated) == (10, 10)
    assert counted()[0] == 30


def test_a_file_that_overlaps_in_its_middle_adds_what_is_new_around_it(held, monkeypatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    load(*(line(f"{n:02d}", held.acme_number) for n in range(24, 37)))
    numbers = (held.acme_number, held.birch_number)
    lines = (line(f"{n:02d}", numbers[n % 2]) for n in range(60))
    later = load(*lines, name="later.CDR")
    assert (later.added, later.repeated, later.bad) == (47, 13, 0)
    assert counted()[0] == 60


def test_the_collector_goes_on_after_an_import(held) -> None:
    load(line("a", held.acme_number))
    assert gc.isenabled()


def test_another_content_under_the_same_name_is_not_skipped(held) -> None:
    load(line("a", held.acme_number))
    assert load(line("b", held.acme_number)).added == 1


def test_a_call_twice_in_one_file_comes_once(held) -> None:
    row = load(line("a", held.acme_number), line("a", held.acme_number))
    assert (row.added, row.repeated) == (1, 1)


def test_a_crash_in_the_middle_loses_and_doubles_nothing(held, monkeypatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    lines = [line(str(n), held.acme_number) for n in range(45)]
    write, done = rollup.add_sums, []

    def crash(*args) -> None:  # type: ignore[no-untyped-def]
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(write(*args))

    monkeypatch.setattr(rollup, "add_sums", crash)
    with pytest.raises(KeyboardInterrupt):
        load(*lines)
    db.session.rollback()
    assert counted()[0] == 20
    monkeypatch.setattr(rollup, "add_sums", write)
    assert load(*lines).added == 45
    assert counted()[0] == 45
    assert db.session.query(CdrImportPart).count() == 0


def test_two_imports_at_once_count_each_call_once(app, held, monkeypatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 25)
    lines = [line(str(n), held.acme_number) for n in range(200)]
    tenant, strange = held.reseller_id, []

    def one() -> None:
        try:
            with app.app_context(), tenancy.acting_for(tenant):
                load(*lines)
        except Exception as error:  # noqa: BLE001 (A thread's error is told to the test.)
            strange.append(error)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert strange == []
    assert counted()[0] == 200


def test_a_gzipped_file_is_read(held) -> None:
    assert load(line("a", held.acme_number), zipped=True).added == 1


def test_a_damaged_gzip_is_refused_with_a_sentence(held) -> None:
    whole = file_of(*(line(str(n), held.acme_number) for n in range(50)), zipped=True).getvalue()
    row = importing.run(io.BytesIO(whole[: len(whole) // 2]), "cut.CDR.gz", by=BY)
    assert row.state is ImportState.REFUSED
    assert row.problem == "The file breaks off: its compression is damaged."
    assert counted()[0] == 0


BAD = {
    "short;line": "There are 2 columns, not 20.",
    line("k", "+14125550190", at="2026-13-01 10:00:00"): "2026-13-01 10:00:00 is no time.",
    line("k", "+14125550190", at="2099-01-01 10:00:00"): "2099-01-01 10:00:00 lies in the future.",
    line("k", "+14125550190", seconds=-5): "CallDuration -5 cannot be.",
    line("k", "+14125550190", seconds="abc"): "CallDuration abc is no number of seconds.",
    line("k", "+14125550190", price="-1"): "The price -1 cannot be.",
    line("k", "nobody"): "nobody is no telephone number.",
    line("k", "+14125550190", kind="Fax"): "Fax is no kind of call.",
    line("", "+14125550190"): "The transaction id is missing or too long.",
}


@pytest.mark.parametrize("text", BAD, ids=list(BAD.values()))
def test_a_bad_line_stands_aside_with_its_reason(held, text: str) -> None:
    row = load(line("a", held.acme_number), text, line("b", held.acme_number))
    assert (row.added, row.bad) == (2, 1)
    aside = db.session.scalars(select(CdrReject)).one()
    assert (aside.line, aside.text, aside.reason) == (3, text, BAD[text])


def test_a_file_of_mostly_bad_lines_is_refused_whole(held) -> None:
    row = load(line("a", held.acme_number), "x;y", "z")
    assert row.state is ImportState.REFUSED
    assert row.problem.startswith("2 of 3 lines cannot be read, so nothing was imported.")
    assert counted()[0] == 0
    assert db.session.scalar(select(func.count(CdrReject.id))) == 0


def test_a_file_of_another_kind_is_refused(held) -> None:
    row = load("a,b,c", header="from,to,length")
    assert row.problem.startswith("The first line lacks CallType, StartTime")


def test_the_header_may_stand_in_another_order(held) -> None:
    swapped = HEADER.replace("CallMinimum;CallIncrement", "CallIncrement;CallMinimum")
    assert load(line("a", held.acme_number), header=swapped).added == 1


def test_calls_of_nobody_are_kept_unassigned(held) -> None:
    row = load(line("a", held.free[0]))
    assert (row.added, row.unassigned) == (1, 1)
    assert reports.by_client(NOVEMBER)[0].calls == 1


@pytest.mark.parametrize("is_outgoing", [True, False])
def test_a_message_with_a_number_in_stock_is_whose_other_end_is_held(
    held, is_outgoing: bool
) -> None:
    ours, stock = held.acme_number, held.free[0]
    ends = (stock, ours) if is_outgoing else (ours, stock)
    load(line("m", ends[0], kind="SMS", far=ends[1], price="0.01"))
    call = db.session.scalars(select(Call)).one()
    assert (call.number, call.far_end, call.client_id) == (ours, stock, held.acme.id)


def test_a_call_belongs_to_who_held_the_number_then(held) -> None:
    acme = db.session.scalars(
        select(DidAssignment).where(DidAssignment.number == held.acme_number)
    ).one()
    acme.ended_at = datetime(2026, 11, 10, 12, tzinfo=UTC)
    again = DidAssignment(
        reseller_id=held.reseller_id,
        did_id=acme.did_id,
        number=acme.number,
        client_id=held.birch.id,
        started_at=acme.ended_at,
    )
    db.session.flush()
    db.session.add(again)
    db.session.commit()
    load(
        line("a", held.acme_number, at="2026-11-10 11:59:59"),
        line("b", held.acme_number, at="2026-11-10 12:00:00"),
    )
    whose = dict(db.session.execute(select(Call.transaction_id, Call.client_id)).all())
    assert whose == {"a": held.acme.id, "b": held.birch.id}


def test_days_are_the_resellers_also_when_the_clock_changes(held) -> None:
    """New York goes back on 2026-11-01 at 06:00 UTC: that day has 25 hours."""
    load(
        line("a", held.acme_number, at="2026-11-01 03:59:59"),
        line("b", held.acme_number, at="2026-11-01 04:00:00"),
        line("c", held.acme_number, at="2026-11-01 05:30:00"),
        line("d", held.acme_number, at="2026-11-01 06:30:00"),
        line("e", held.acme_number, at="2026-11-02 04:59:59"),
        line("f", held.acme_number, at="2026-11-02 05:00:00"),
    )
    days = dict(db.session.execute(select(Call.transaction_id, Call.day)).all())
    assert days == {
        "a": date(2026, 10, 31),
        "b": date(2026, 11, 1),
        "c": date(2026, 11, 1),
        "d": date(2026, 11, 1),
        "e": date(2026, 11, 1),
        "f": date(2026, 11, 2),
    }


def test_a_late_call_of_a_closed_month_counts_in_the_next(held) -> None:
    db.session.get_one(Reseller, held.reseller_id).closed_through = date(2026, 10, 31)
    db.session.commit()
    load(line("late", held.acme_number, at="2026-10-30 15:00:00"))
    call = db.session.scalars(select(Call)).one()
    assert (call.day, call.started_at.date()) == (date(2026, 11, 1), date(2026, 10, 30))
    assert db.session.scalar(select(UsageDay.day)) == date(2026, 11, 1)


def test_a_call_of_no_number_belongs_to_whose_endpoint_carried_it_then(held) -> None:
    trunk = EndpointGroup(name="Trunk", client_id=held.acme.id)
    trunk.endpoints = [Endpoint(host="203.0.113.9", reseller_id=held.reseller_id)]
    db.session.add(trunk)
    endpoints.keep_history(trunk)
    db.session.execute(update(EndpointAssignment).values(started_at=LONG_AGO))
    load(line("a", "+17135550123", kind="Termination"), line("b", held.birch_number))
    owners = dict(db.session.execute(select(Call.transaction_id, Call.client_id)).all())
    assert owners == {"a": held.acme.id, "b": held.birch.id}


def test_a_call_before_the_endpoint_was_anybodys_is_nobodys(held) -> None:
    trunk = EndpointGroup(name="Trunk", client_id=held.acme.id)
    trunk.endpoints = [Endpoint(host="203.0.113.9", reseller_id=held.reseller_id)]
    db.session.add(trunk)
    endpoints.keep_history(trunk)
    load(line("a", "+17135550123", kind="Termination"))
    assert db.session.scalar(select(Call.client_id)) is None


def test_an_endpoint_of_two_clients_is_nobodys(held) -> None:
    for client in (held.acme, held.birch):
        trunk = EndpointGroup(name=client.name, client_id=client.id)
        trunk.endpoints = [Endpoint(host="203.0.113.9", reseller_id=held.reseller_id)]
        db.session.add(trunk)
        endpoints.keep_history(trunk)
    live = select(EndpointAssignment).where(EndpointAssignment.ended_at.is_(None))
    assert db.session.scalars(live).all() == []


def test_mallory_sees_no_call_of_the_other_reseller(app, held) -> None:
    load(line("a", held.acme_number))
    other = held.other_reseller_id
    db.session.commit()
    with tenancy.acting_for(other):
        assert db.session.scalar(select(func.count(Call.id))) == 0
        assert reports.total(NOVEMBER).calls == 0
        assert db.session.scalar(select(func.count(CdrImport.id))) == 0


def test_an_import_tells_when_it_ended(held) -> None:
    row = load(line("a", held.acme_number))
    assert row.created_at <= row.ended_at <= now()


def test_a_file_that_begins_well_and_is_mostly_bad_is_taken_back(held, monkeypatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    load(line("before", held.acme_number))
    before = counted()
    good = [line(str(n), held.acme_number) for n in range(20)]
    row = load(*good, *(["bad;line"] * 40))
    assert row.state is ImportState.REFUSED
    assert row.problem.startswith("40 of 60 lines cannot be read, so nothing was imported.")
    assert (row.added, row.bad, counted()) == (0, 0, before)
    assert db.session.query(CdrReject).count() == 0
    assert load(*good).added == 20


def test_a_number_of_another_country_with_many_digits_is_kept(held) -> None:
    row = load(line("a", held.acme_number, far="+4420794600001234567"))
    assert (row.added, row.bad) == (1, 0)


def test_a_call_that_two_groupings_reach_counts_once_for_who_holds_the_number(held) -> None:
    trunk = EndpointGroup(name="Trunk", client_id=held.birch.id)
    trunk.endpoints = [Endpoint(host="203.0.113.9", reseller_id=held.reseller_id)]
    db.session.add(trunk)
    endpoints.keep_history(trunk)
    db.session.execute(update(EndpointAssignment).values(started_at=LONG_AGO))
    load(line("a", held.acme_number))
    assert db.session.scalars(select(Call.client_id)).all() == [held.acme.id]
    assert counted()[0] == 1


def test_an_endpoint_that_changes_hands_keeps_its_earlier_calls(held) -> None:
    change = datetime(2026, 11, 10, 12, tzinfo=UTC)
    for client, began, ended in ((held.acme, LONG_AGO, change), (held.birch, change, None)):
        spell = EndpointAssignment(host="203.0.113.9", client_id=client.id, started_at=began)
        spell.ended_at = ended
        db.session.add(spell)
    load(
        line("a", "+17135550123", kind="Termination", at="2026-11-10 11:59:59"),
        line("b", "+17135550123", kind="Termination", at="2026-11-10 12:00:00"),
    )
    owners = dict(db.session.execute(select(Call.transaction_id, Call.client_id)).all())
    assert owners == {"a": held.acme.id, "b": held.birch.id}


def test_a_turn_of_the_background_stops_in_the_middle_and_another_goes_on(
    app, held, monkeypatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    monkeypatch.setattr(due, "TURN_SECONDS", 0)
    lines = [line(str(n), held.acme_number) for n in range(45)]
    row = receiving.receive(file_of(*lines), "a.CDR", by=BY).row
    one, other = due.CallFiles(), due.CallFiles()
    for _ in range(3):
        one()
    assert 0 < db.session.get_one(CdrImport, row.id, populate_existing=True).lines < 45
    assert other() == 0
    one.stop()
    while other():
        pass
    assert db.session.get_one(CdrImport, row.id, populate_existing=True).added == 45
    assert counted()[0] == 45


def test_a_file_whose_reader_died_is_read_on_when_its_lease_has_run_out(held) -> None:
    row = receiving.receive(file_of(line("a", held.acme_number)), "a.CDR", by=BY).row
    row.lease_owner, row.leased_until = "dead", now() + timedelta(minutes=1)
    db.session.commit()
    job = due.CallFiles()
    assert job() == 0
    db.session.get_one(CdrImport, row.id).leased_until = now() - timedelta(seconds=1)
    db.session.commit()
    assert job() == 1
    assert counted()[0] == 1


def test_an_upload_that_broke_off_is_refused_after_a_while(held) -> None:
    row = CdrImport(file_name="half.CDR", digest="", source="voip_innovations")
    row.created_at = now() - timedelta(hours=3)
    db.session.add(row)
    db.session.commit()
    due.clean_up()
    found = db.session.get_one(CdrImport, row.id, populate_existing=True)
    assert (found.state, found.problem) == (
        ImportState.REFUSED,
        "The upload broke off. Send the file again.",
    )
