"""What an import does to the inventory: added, changed, refused; and whose a number becomes."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

import did_import
import tenancy
from carriers import inventory
from columns import now
from extensions import db
from models import (
    AuditEntry,
    Client,
    Did,
    DidAssignment,
    DidGroup,
    DidStatus,
    DidType,
    EndpointGroup,
    Order,
    Reseller,
    Tier,
)
from permissions import Actor

BY = Actor(name="Alice")
HEADING = "Number,Tier,State,Rate centre,City,LATA,Features,Monthly,Set-up,DID group,Endpoint group"
NEW = "412-555-0120"


def source(*lines: str, heading: str = HEADING) -> did_import.Source:
    return did_import.read("\n".join([heading, *lines]).encode(), "numbers.csv")


def reseller() -> Reseller:
    return db.session.get(Reseller, tenancy.current())


def outcome(*lines: str, **options) -> list[tuple[str, str]]:
    """Give each line's kind with what is said of it."""
    shown = did_import.preview(source(*lines), reseller(), **options)
    return [
        (
            line.kind.value,
            "; ".join([*(f"{c.field} {c.old}>{c.new}" for c in line.changes), line.says]),
        )
        for line in shown.lines()
    ]


def write(*lines: str, **options) -> did_import.Summary:
    done = did_import.apply(source(*lines), reseller(), by=BY, **options)
    db.session.commit()
    return done


def refusal(line: str, **options) -> str:
    ((kind, says),) = outcome(line, **options)
    assert kind == "refused"
    return says


def did(number: str) -> Did:
    return db.session.scalars(select(Did).where(Did.number == number)).one()


def everything() -> list[tuple]:
    """Give all that an import could write, so that nothing can change unseen."""
    db.session.expire_all()
    found = []
    for model in (Did, DidAssignment, DidGroup, Tier, AuditEntry):
        columns = model.__table__.columns.keys()
        rows = db.session.scalars(select(model).order_by(model.id))
        found += [(model.__name__, *(str(getattr(row, c)) for c in columns)) for row in rows]
    return found


def endpoints(name: str, client_id: int | None = None) -> EndpointGroup:
    row = EndpointGroup(reseller_id=tenancy.current(), name=name, client_id=client_id)
    db.session.add(row)
    db.session.commit()
    return row


# --- Adding -----------------------------------------------------------------------------------


def test_a_new_number_is_added_as_the_line_says(at_reseller):
    done = write(f"{NEW},1,PA,PITTSBURGH,Pittsburgh,234,T.38/SMS,2.50,,,")
    row = did("+14125550120")
    assert done.counts == {"added": 1, "changed": 0, "unchanged": 0, "refused": 0}
    assert (row.npa, row.nxx, row.type, row.status) == (
        "412", "555", DidType.LOCAL, DidStatus.AVAILABLE,
    )  # fmt: skip
    assert (row.tier.label, row.state, row.rate_center) == ("1", "PA", "PITTSBURGH")
    assert (row.city, row.lata) == ("Pittsburgh", "234")
    assert (row.has_t38, row.has_cnam, row.has_sms) == (True, False, True)
    assert (row.monthly_micros, row.setup_micros) == (2_500_000, None)
    assert (row.client_id, row.did_group_id) == (None, None)


def test_a_toll_free_number_is_stored_as_one(at_reseller):
    write("844-555-0120,1,TF,,,,,,,,")
    assert (did("+18445550120").type, did("+18445550120").state) == (DidType.TOLL_FREE, None)


def test_the_preview_writes_nothing(at_reseller):
    before = everything()
    shown = did_import.preview(source(f"{NEW},1,,,,,,,,New group,"), reseller())
    assert shown.summary().counts["added"] == 1
    db.session.commit()
    assert everything() == before


def test_the_same_file_twice_changes_nothing(at_reseller):
    lines = (f"{NEW},1,PA,,,,SMS,2.50,,Spare,", "844-555-0120,1,TF,,,,,,,Acme main,")
    write(*lines)
    before = everything()
    assert write(*lines).counts == {"added": 0, "changed": 0, "unchanged": 2, "refused": 0}
    assert everything() == before


def test_an_unknown_group_is_created_and_said(at_reseller):
    shown = did_import.preview(source(f"{NEW},1,,,,,,,,Spare,"), reseller()).summary()
    assert shown.new_groups == ["Spare"]
    write(f"{NEW},1,,,,,,,,Spare,", "412-555-0121,1,,,,,,,,spare,")
    assert [did(n).did_group.name for n in ("+14125550120", "+14125550121")] == ["Spare", "Spare"]


def test_a_refused_line_creates_no_group(at_reseller):
    assert (
        did_import.preview(source(f"{NEW},99,,,,,,,,Spare,"), reseller()).summary().new_groups == []
    )


def test_an_unknown_tier_is_refused_with_the_known_ones(at_reseller):
    assert refusal(f"{NEW},99,,,,,,,,,") == (
        "There is no tier “99”. Known tiers: 1. Correct it, or create the tier."
    )


def test_an_unknown_tier_is_created_only_when_asked_for(at_reseller):
    lines = (f"{NEW},Tier 99,,,,,,,,,", "412-555-0121,99,,,,,,,,,")
    shown = did_import.preview(source(*lines), reseller()).summary()
    assert (shown.unknown_tiers, shown.new_tiers) == ({"99": 2}, [])
    done = write(*lines, create_tiers=True)
    tier = did("+14125550120").tier
    assert (done.counts["added"], done.new_tiers) == (2, ["99"])
    assert (tier.label, tier.name, tier.monthly_micros, tier.setup_micros) == (
        "99",
        "Tier 99",
        0,
        0,
    )
    assert did("+14125550121").tier_id == tier.id


def test_a_new_number_needs_a_tier(at_reseller):
    assert "needs a tier" in refusal(f"{NEW},,,,,,,,,,")


def test_a_repeated_number_is_refused_with_the_first_line(at_reseller):
    first, second = outcome(f"{NEW},1,,,,,,,,,", "+1 (412) 555-0120,1,,,,,,,,,")
    assert first[0] == "added"
    assert second == ("refused", "Line 2 has this number already. Keep one of the two lines.")


def test_a_number_of_another_reseller_is_new_here_and_untouched_there(at_reseller):
    number = at_reseller.foreign_number
    write(f"{number},1,PA,,,,,,,,")
    with tenancy.across_resellers():
        rows = db.session.scalars(select(Did).where(Did.number == number)).all()
        assert {(row.reseller_id, row.state) for row in rows} == {
            (at_reseller.reseller_id, "PA"),
            (at_reseller.other_reseller_id, "NY"),
        }


# --- Changing ---------------------------------------------------------------------------------


def test_a_changed_field_is_shown_from_and_to(at_reseller):
    assert outcome("412-555-0101,1,PA,PITTSBURGH,Pittsburgh,234,T.38 SMS CNAM,2.50,0,,") == [
        (
            "changed",
            "LATA none>234; Monthly price as the tier>$2.50; Set-up price as the tier>$0.00; ",
        )
    ]


def test_a_changed_number_keeps_what_the_line_does_not_name(at_reseller):
    write("412-555-0101,,,,Erie,,SMS,,,,")
    row = did("+14125550101")
    assert (row.city, row.rate_center, row.state, row.tier_id) == (
        "Erie", "PITTSBURGH", "PA", at_reseller.tier.id,
    )  # fmt: skip
    assert (row.has_t38, row.has_cnam, row.has_sms) == (False, False, True)


def test_a_column_that_is_missing_changes_nothing(at_reseller):
    shown = did_import.preview(source("412-555-0101", heading="TN"), reseller())
    assert shown.summary().counts["unchanged"] == 1


def test_many_lines_with_different_changes_are_all_written(at_reseller):
    write("412-555-0101,,,,,,T38 CNAM SMS,1.00,,,", "412-555-0102,,OH,,,,T38 CNAM SMS,,,,")
    write("412-555-0103,,,,,,T38 CNAM SMS,,2.00,Spare,", "412-555-0101,,,,,,T38 CNAM SMS,,,,")
    first, second, third = (did(f"+1412555010{n}") for n in (1, 2, 3))
    assert (first.monthly_micros, second.state, third.setup_micros) == (None, "OH", 2_000_000)
    assert third.did_group.name == "Spare"


# --- Whose a number becomes -------------------------------------------------------------------


@pytest.mark.parametrize("number", ["+14125550120", "+14125550101"])
def test_a_number_of_a_clients_group_becomes_that_clients(at_reseller, number):
    lines = (f"{number},1,PA,,,,,,,Acme main,",)
    ((_, says),) = outcome(*lines)
    assert says.endswith("Goes to Acme.")
    assert write(*lines).goes_to == {"Acme": 1}
    row = did(number)
    assert (row.client_id, row.did_group_id) == (at_reseller.acme.id, at_reseller.acme_group.id)
    assert row.status is DidStatus.ACTIVE
    assert row.activated_at is not None


def test_it_is_written_as_the_carriers_door_writes_it(at_reseller):
    """One number is given by the door, one by an import; the rows differ in nothing else."""
    inventory.give_did(did("+14125550101"), db.session.get(DidGroup, at_reseller.acme_group.id))
    db.session.commit()
    write("+14125550102,1,,,,,T38 CNAM SMS,,,Acme main,")
    kept = ("client_id", "did_group_id", "status", "held_by_id", "held_until", "endpoint_group_id")
    one, other = did("+14125550101"), did("+14125550102")
    assert [getattr(one, name) for name in kept] == [getattr(other, name) for name in kept]
    rows = db.session.scalars(
        select(DidAssignment).where(DidAssignment.did_id.in_([one.id, other.id]))
    ).all()
    assert {(row.did_id, row.number, row.client_id, row.ended_at) for row in rows} == {
        (one.id, one.number, at_reseller.acme.id, None),
        (other.id, other.number, at_reseller.acme.id, None),
    }


def test_a_number_that_a_client_has_is_not_moved(at_reseller):
    before = everything()
    says = refusal(f"{at_reseller.acme_number},1,,,,,,,,Birch main,")
    assert says.startswith("Acme has this number")
    assert write(f"{at_reseller.acme_number},1,,,,,,,,Birch main,").writes == 0
    assert everything() == before


def test_a_number_that_a_client_has_takes_a_new_price_and_stays(at_reseller):
    number = at_reseller.acme_number
    write(f"{number},1,,,,,T38 CNAM SMS,9.99,,Acme main,")
    row = did(number)
    assert (row.monthly_micros, row.client_id) == (9_990_000, at_reseller.acme.id)
    assert row.did_group_id == at_reseller.acme_group.id


def test_a_held_number_is_not_moved_but_takes_a_new_price(at_reseller):
    order = Order(
        reseller_id=at_reseller.reseller_id, number="O-1", kind="new", client_id=at_reseller.acme.id
    )
    db.session.add(order)
    db.session.flush()
    row = did("+14125550101")
    row.held_by_id, row.held_until = order.id, now() + timedelta(hours=1)
    db.session.commit()
    assert "held for an order" in refusal("+14125550101,1,,,,,,,,Spare,")
    write("+14125550101,1,,,,,T38 CNAM SMS,9.99,,,")
    assert did("+14125550101").monthly_micros == 9_990_000
    assert did("+14125550101").held_by_id == order.id


def test_a_released_number_is_not_moved(at_reseller):
    did("+14125550101").status = DidStatus.RELEASED
    db.session.commit()
    assert "is released" in refusal("+14125550101,1,,,,,,,,Acme main,")


def test_a_number_in_service_at_another_reseller_is_given_to_no_client(at_reseller):
    with tenancy.acting_for(at_reseller.other_reseller_id):
        client = Client(name="Far", contact_email="far@far.example")
        db.session.add(client)
        db.session.flush()
        group = DidGroup(name="Far", client_id=client.id)
        db.session.add(group)
        db.session.flush()
        inventory.give_did(did(at_reseller.foreign_number), group)
    db.session.commit()
    line = f"{at_reseller.foreign_number},1,,,,,,,,Acme main,"
    assert refusal(line).startswith("The number is in service elsewhere.")


def test_a_clients_endpoint_group_makes_the_number_its_own_too(at_reseller):
    group = endpoints("Birch switch", at_reseller.birch.id)
    write(f"{NEW},1,,,,,,,,,Birch switch")
    row = did("+14125550120")
    assert (row.client_id, row.endpoint_group_id) == (at_reseller.birch.id, group.id)


def test_groups_of_two_clients_are_refused_with_both_names(at_reseller):
    endpoints("Birch switch", at_reseller.birch.id)
    assert refusal(f"{NEW},1,,,,,,,,Acme main,Birch switch").startswith(
        "The DID group belongs to Acme and the endpoint group to Birch."
    )


def test_a_shared_endpoint_group_gives_the_number_to_nobody(at_reseller):
    endpoints("Shared")
    write(f"{NEW},1,,,,,,,,,Shared")
    assert (did("+14125550120").client_id, did("+14125550120").status) == (
        None,
        DidStatus.AVAILABLE,
    )


def test_an_unknown_endpoint_group_is_refused(at_reseller):
    assert "no endpoint group “Nowhere”" in refusal(f"{NEW},1,,,,,,,,,Nowhere")


def test_groups_of_another_reseller_are_not_known(at_reseller):
    with tenancy.acting_for(at_reseller.other_reseller_id):
        db.session.add(DidGroup(name="Theirs"))
    db.session.commit()
    assert did_import.preview(
        source(f"{NEW},1,,,,,,,,Theirs,"), reseller()
    ).summary().new_groups == ["Theirs"]


# --- One transaction, exactly the preview -------------------------------------------------------


def many(count: int) -> list[str]:
    return [
        f"412-{200 + n // 10_000}-{n % 10_000:04d},1,PA,,,,,,,Spare {n % 3}," for n in range(count)
    ]


def test_more_than_one_bunch_of_rows_comes_out_as_previewed(at_reseller):
    lines = [*many(2500), "nonsense", *many(2)]
    seen = did_import.preview(source(*lines), reseller()).summary()
    done = write(*lines, expected=seen.fingerprint)
    assert done.counts == seen.counts == {"added": 2500, "changed": 0, "unchanged": 0, "refused": 3}
    assert (
        db.session.scalar(select(func.count(Did.id)).where(Did.did_group_id.is_not(None))) == 2502
    )


def test_an_import_that_breaks_half_way_leaves_nothing(at_reseller, monkeypatch):
    before = everything()
    from did_import import applying

    calls = []
    real = applying.insert_rows

    def breaking(*given):
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(applying, "insert_rows", breaking)
    with pytest.raises(KeyboardInterrupt):
        write(*many(2500))
    assert len(calls) == 3
    db.session.rollback()
    assert everything() == before


def test_what_changed_since_the_preview_stops_the_import(at_reseller):
    lines = (f"{NEW},1,,,,,,,,Spare,",)
    write("412-555-0125,1,,,,,,,,Spare,")
    seen = did_import.preview(source(*lines), reseller()).summary()
    group = db.session.scalars(select(DidGroup).where(DidGroup.name == "Spare")).one()
    inventory.give_group(group, db.session.get(Client, at_reseller.acme.id))
    db.session.commit()
    before = everything()
    with pytest.raises(did_import.Differs) as caught:
        did_import.apply(source(*lines), reseller(), by=BY, expected=seen.fingerprint)
    db.session.rollback()
    assert caught.value.summary.goes_to == {"Acme": 1}
    assert everything() == before


def test_the_database_itself_refuses_a_number_twice(at_reseller):
    """What keeps two imports at once apart is a lock; this is what stands behind the lock."""
    from did_import.bulk import insert_rows

    row = {"number": "+14125550120", "npa": "412", "nxx": "555", "type": DidType.LOCAL}
    row |= {"status": DidStatus.AVAILABLE, "tier_id": at_reseller.tier.id, "created_at": now()}
    row |= {"has_t38": False, "has_cnam": False, "has_sms": False}
    insert_rows(Did, [row], tenancy.current())
    with pytest.raises(IntegrityError):
        insert_rows(Did, [row], tenancy.current())


def test_rows_in_the_name_of_another_reseller_are_not_written(at_reseller):
    from did_import.bulk import insert_rows

    with pytest.raises(tenancy.TenantMissing):
        insert_rows(Did, [{"number": "+14125550120"}], at_reseller.other_reseller_id)


def test_who_imported_what_is_on_record(at_reseller):
    write(f"{NEW},1,,,,,,,,Acme main,", "nonsense")
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.by_name) == ("numbers_imported", "Alice")
    assert (entry.changes["file"], entry.changes["added"], entry.changes["refused"]) == (
        "numbers.csv", 1, 1,
    )  # fmt: skip
    assert entry.changes["goes_to"] == {"Acme": 1}


# --- The report -------------------------------------------------------------------------------


def reported(*lines: str, only=None) -> list[list[str]]:
    given = source(*lines)
    text = "".join(did_import.report(given, did_import.preview(given, reseller()), only))
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_report_says_of_every_line_what_becomes_of_it(at_reseller):
    rows = reported(
        f"{NEW},1,,,,,,,,,", "412-555-0101,1,PA,PITTSBURGH,Erie,,T38 CNAM SMS,,,,", "no"
    )
    assert rows[0][:4] == ["In line", "Outcome", "Explanation", "Number"]
    assert [row[:3] for row in rows[1:]] == [
        ["2", "added", "Tier 1."],
        ["3", "changed", "City: Pittsburgh → Erie."],
        ["4", "refused", "“no” is not a ten-digit number: it has letters."],
    ]


def test_corrected_lines_of_the_report_can_be_imported(at_reseller):
    rows = reported(f"{NEW},99,PA,PITTSBURGH,Pittsburgh,,SMS,2.50,,,", only=did_import.Kind.REFUSED)
    rows[1][4] = "1"
    text = "\n".join(",".join(row) for row in [rows[0], [*rows[1][:2], "", *rows[1][3:]]])
    again = did_import.read(text.encode(), "report.csv")
    assert did_import.apply(again, reseller(), by=BY).counts["added"] == 1
    assert did("+14125550120").monthly_micros == 2_500_000


def test_a_formula_in_the_file_is_harmless_in_the_report_and_survives_the_way_back(at_reseller):
    rows = reported(f"+1{NEW.replace('-', '')},1,,,=HYPERLINK(1),,,,,,")
    assert rows[1][3] == "+14125550120"
    assert rows[1][7] == "'=HYPERLINK(1)"
    text = ",".join(rows[0]) + "\n" + ",".join(rows[1])
    did_import.apply(did_import.read(text.encode(), "x.csv"), reseller(), by=BY)
    assert did("+14125550120").city == "=HYPERLINK(1)"
