"""The address validators: what the embedded one tells, and what becomes of one that is silent."""

from collections.abc import Mapping
from typing import Any

import pytest

import addresses
from addresses import Answer, Verdict, zips
from addresses.embedded import EmbeddedValidator
from models import Reseller

ADDRESS = {
    "caller_name": "Acme Dental",
    "address1": "100 Fifth Avenue",
    "address2": "",
    "city": "Pittsburgh",
    "state": "PA",
    "zip": "15222",
    "zip4": "",
}


def check(**changed: str) -> Answer:
    return EmbeddedValidator().check(ADDRESS | changed)


def corrected(**changed: str) -> dict[str, Any]:
    """Give the parts that the validator would have otherwise than they were typed."""
    answer, typed = check(**changed), ADDRESS | changed
    assert answer.verdict is Verdict.CORRECTED
    return {key: value for key, value in (answer.address or {}).items() if typed.get(key) != value}


def test_an_address_that_is_right_stays_as_it_is() -> None:
    assert check() == Answer(Verdict.VALID)
    assert check(address2="Suite 300", floor="3") == Answer(Verdict.VALID)


@pytest.mark.parametrize(
    ("code", "state", "sentence"),
    [
        ("15222", "OH", "ZIP 15222 is in PA, not in OH. Correct the ZIP or the state."),
        ("10001", "PA", "ZIP 10001 is in NY, not in PA. Correct the ZIP or the state."),
        ("42223", "OH", "ZIP 42223 is in KY or TN, not in OH. Correct the ZIP or the state."),
        ("00000", "PA", "There is no ZIP 00000. Correct it."),
        ("21300", "MD", "There is no ZIP 21300. Correct it."),
    ],
)
def test_a_state_that_is_not_the_zips_is_refused(code: str, state: str, sentence: str) -> None:
    assert check(zip=code, state=state) == Answer(Verdict.INVALID, problems={"zip": sentence})


@pytest.mark.parametrize(
    ("code", "state"),
    [
        *(("42223", "TN"), ("42223", "KY"), ("00901", "PR"), ("96910", "GU"), ("20001", "DC")),
        *(("99501", "AK"), ("06390", "NY"), ("88510", "TX"), ("02134", "MA"), ("96799", "AS")),
    ],
)
def test_a_zip_counts_in_every_state_that_it_lies_in(code: str, state: str) -> None:
    assert check(zip=code, state=state).verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("typed", "street", "unit"),
    [
        ("100 Fifth Avenue Suite 300", "100 Fifth Avenue", "Suite 300"),
        ("100 Fifth Avenue, Apt. 4B", "100 Fifth Avenue", "Apt. 4B"),
        ("100 Fifth Avenue #12", "100 Fifth Avenue", "#12"),
        ("100 Fifth Avenue STE 7", "100 Fifth Avenue", "STE 7"),
    ],
)
def test_a_unit_in_the_street_goes_to_its_place(typed: str, street: str, unit: str) -> None:
    assert corrected(address1=typed) == {"address1": street, "address2": unit}


@pytest.mark.parametrize(
    ("part", "typed", "left", "floor"),
    [
        ("address1", "100 Fifth Avenue Floor 3", "100 Fifth Avenue", "3"),
        ("address1", "100 Fifth Avenue, 3rd Floor", "100 Fifth Avenue", "3rd"),
        ("address2", "Suite 300, Floor 3", "Suite 300", "3"),
        ("address2", "2nd fl.", "", "2nd"),
    ],
)
def test_a_floor_goes_to_its_place(part: str, typed: str, left: str, floor: str) -> None:
    assert corrected(**{part: typed}) == {part: left, "floor": floor}


def test_a_state_behind_the_city_is_taken_off() -> None:
    assert corrected(city="Pittsburgh, PA") == {"city": "Pittsburgh"}


@pytest.mark.parametrize("street", ["100 Suite Street", "12 Unit Road", "7 Apt Lane", "1 # Road"])
def test_a_street_that_is_called_so_stays(street: str) -> None:
    assert check(address1=street).verdict is Verdict.VALID


def test_what_stands_at_its_place_is_not_written_over() -> None:
    assert check(address1="100 Fifth Avenue Suite 3", address2="Rear").verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("parts", "field", "sentence"),
    [
        (
            {"address1": "100 Fifth Avenue Suite 300", "address2": "Suite 400"},
            "address2",
            "The street says Suite 300, this field Suite 400. Leave the right one.",
        ),
        (
            {"address2": "Suite 2, Floor 3", "floor": "4"},
            "floor",
            "The unit says floor 3, this field 4. Leave the right one.",
        ),
        (
            {"address1": "100 Fifth Avenue, 3rd Floor", "floor": "4"},
            "floor",
            "The street says floor 3rd, this field 4. Leave the right one.",
        ),
    ],
)
def test_two_units_or_two_floors_are_no_address(
    parts: dict[str, str], field: str, sentence: str
) -> None:
    assert check(**parts) == Answer(Verdict.INVALID, problems={field: sentence})


@pytest.mark.parametrize(
    ("parts", "street", "unit", "floor"),
    [
        (
            {"address1": "100 Fifth Avenue Ste. 300", "address2": "Suite 300"},
            "100 Fifth Avenue",
            "Suite 300",
            None,
        ),
        (
            {"address1": "100 Fifth Avenue #3, Floor 3", "address2": "# 3", "floor": "3rd"},
            "100 Fifth Avenue",
            "# 3",
            "3rd",
        ),
    ],
)
def test_what_is_said_twice_is_kept_once_at_its_place(
    parts: dict[str, str], street: str, unit: str, floor: str | None
) -> None:
    found = check(**parts).address or {}
    assert (found["address1"], found["address2"], found.get("floor")) == (street, unit, floor)


def test_every_state_of_the_list_has_a_zip() -> None:
    import catalog

    found = {state for n in range(1000) for state in zips.states_of(f"{n:03d}00")}
    found |= {state for code in zips._ACROSS for state in zips.states_of(code)}
    assert catalog._STATES - found == set()


class Silent:
    """A validator that cannot be reached."""

    answers_at_once = False

    def check(self, address: Mapping[str, Any]) -> Answer:
        raise TimeoutError("No answer.")


def test_where_a_validator_is_silent_the_embedded_one_answers(
    at_reseller: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from extensions import db

    monkeypatch.setitem(addresses.VALIDATORS, "far", Silent())
    reseller = db.session.get_one(Reseller, at_reseller.reseller_id)
    reseller.address_validator = "far"
    db.session.commit()
    assert addresses.check(reseller, ADDRESS | {"state": "OH"}).verdict is Verdict.INVALID
    assert addresses.check(reseller, ADDRESS).verdict is Verdict.VALID
