"""What holds for every number, name, PIN and address that can be typed, not only for examples.

The CSV of numbers has its own in tests/portal/test_number_sheet.py; this needs no database.
"""

import re
import string
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import catalog
import display
from addresses import Verdict
from addresses.embedded import EmbeddedValidator
from catalog import SERVICES, TOLL_FREE, Invalid
from columns import E164
from did_import.nanp import read_number

N, D = "23456789", string.digits
area_codes = st.builds(lambda a, b, c: a + b + c, *map(st.sampled_from, (N, D[:9], D)))
exchanges = st.builds(lambda a, b: a + b, st.sampled_from(N), st.text(D, min_size=2, max_size=2))
lines = st.text(D, min_size=4, max_size=4)
parts = st.tuples(area_codes, exchanges, lines)
numbers = parts.map(lambda one: "+1" + "".join(one))

SPELLINGS = (
    "{0}{1}{2}",
    "1{0}{1}{2}",
    "+1{0}{1}{2}",
    "+1 {0} {1} {2}",
    "1-{0}-{1}-{2}",
    "{0}-{1}-{2}",
    "{0}.{1}.{2}",
    "{0} {1} {2}",
    "{0}/{1}-{2}",
    "({0}) {1}-{2}",
    "({0}){1}-{2}",
    "+1 ({0}) {1}-{2}",
    "  ({0}) {1} - {2}  ",
)
"""How people write a number."""

texts = st.text(max_size=40)
typed_names = st.text(string.ascii_letters + D + " ", max_size=20)


def checked(service: str, number: str, **typed: Any) -> dict[str, Any] | dict[str, str]:
    """Check what was typed for a service; gives the settings, or the sentences of a refusal."""
    try:
        return SERVICES[service].clean(typed, number)
    except Invalid as wrong:
        return wrong.problems


def is_sentence(text: str) -> bool:
    return len(text) > 10 and text[0].isupper() and text[-1] == "."


# --- Numbers ----------------------------------------------------------------------------------


@given(parts, st.sampled_from(SPELLINGS))
def test_any_usual_spelling_is_the_one_number(one: tuple[str, str, str], spelling: str) -> None:
    assert display.to_e164(spelling.format(*one)) == "+1" + "".join(one)


@given(texts)
@example("+44 20 7946 0958")
@example("4125550123x5")
@example("٤١٢٥٥٥٠١٢٣")
def test_anything_else_is_one_number_or_none(typed: str) -> None:
    found = display.to_e164(typed)
    assert found is None or E164.fullmatch(found)


@given(numbers)
def test_a_number_as_it_is_shown_is_read_back(number: str) -> None:
    assert re.fullmatch(r"\(\d{3}\) \d{3}-\d{4}", display.number(number))
    assert display.to_e164(display.number(number)) == number


@given(st.text("+0123456789().-/ x", max_size=24))
def test_no_number_has_more_or_fewer_than_ten_digits(typed: str) -> None:
    digits = re.sub(r"\D", "", typed)
    if len(digits.removeprefix("1")) != 10:
        assert display.to_e164(typed) is None


@given(texts)
def test_an_import_reads_no_number_that_the_portal_would_not(written: str) -> None:
    try:
        found, _ = read_number(written)
    except ValueError as problem:
        found = str(problem)
    assert E164.fullmatch(found) or found.endswith(".")


# --- Where calls may go (data-dictionary) -----------------------------------------------------


@pytest.mark.parametrize(
    ("service", "name"), [("call_forwarding", "forward_to"), ("failover", "failover_to")]
)
@given(number=numbers, target=numbers)
def test_calls_go_only_where_the_plan_lets_them(
    service: str, name: str, number: str, target: str
) -> None:
    found = checked(service, number, **{name: display.number(target)})
    if found != {name: target}:
        assert is_sentence(str(found[name]))
        assert catalog.target_problem(number, target) == found[name]
        return
    npa, nxx = target[2:5], target[5:8]
    assert target != number
    assert npa[1:] != "11"
    assert npa != "900"
    assert nxx != "976"
    assert npa[:2] not in ("37", "96")
    assert nxx[1:] != "11" or npa in TOLL_FREE


@given(numbers)
def test_no_number_is_sent_to_itself(number: str) -> None:
    found = checked("call_forwarding", number, forward_to=display.number(number))
    assert found != {"forward_to": number}
    assert is_sentence(str(found["forward_to"]))


@given(st.sampled_from(N), st.sampled_from(("{}11", "{}-1-1", " {}11 ", "+{}11")))
def test_no_call_goes_to_a_service_code(first: str, spelling: str) -> None:
    found = checked("call_forwarding", "+14125550100", forward_to=spelling.format(first))
    assert found == {"forward_to": f"Calls cannot be sent to {first}11."}


@given(texts)
def test_whatever_is_typed_as_a_target_is_a_number_or_a_sentence(typed: str) -> None:
    found = checked("failover", "+14125550100", failover_to=typed)
    target = str(found["failover_to"])
    assert E164.fullmatch(target) or is_sentence(target)


# --- Caller ID name, conference PIN -----------------------------------------------------------


@given(st.one_of(texts, typed_names))
@example("Acme   Dental")
@example("123456")
@example("Ａcme")
def test_a_caller_id_name_is_fifteen_capital_letters_digits_and_spaces_or_refused(
    typed: str,
) -> None:
    name = str(checked("cnam_outbound", "+14125550100", display_name=typed)["display_name"])
    if is_sentence(name):
        shown = " ".join(typed.split())
        assert not re.fullmatch(r"[A-Za-z0-9 ]{1,15}", shown) or not re.search("[A-Za-z]", shown)
    else:
        assert re.fullmatch(r"(?=.*[A-Z])[A-Z0-9]([A-Z0-9 ]{0,13}[A-Z0-9])?", name)
        assert "  " not in name


@given(typed_names)
def test_a_caller_id_name_that_was_taken_is_taken_again_as_it_is(typed: str) -> None:
    name = str(checked("cnam_outbound", "+14125550100", display_name=typed)["display_name"])
    assume(not is_sentence(name))
    again = checked("cnam_outbound", "+14125550100", display_name=name)
    assert again == {"display_name": name}


@given(st.one_of(texts, st.text(D, max_size=10)))
@example("²³")
@example("１２３４")
def test_a_pin_is_up_to_eight_digits_and_keeps_its_zeros(typed: str) -> None:
    found = checked("conference_line", "+14125550100", pin=typed)
    is_pin = re.fullmatch(r"[0-9]{0,8}", typed.strip())
    assert found == {"pin": typed.strip()} if is_pin else is_sentence(str(found["pin"]))


# --- 911 addresses ----------------------------------------------------------------------------

GOOD = {
    "caller_name": "Acme Dental",
    "address1": "100 Fifth Avenue",
    "address2": "Suite 300",
    "city": "Pittsburgh",
    "state": "PA",
    "zip": "15222",
}
address_parts = st.dictionaries(
    st.sampled_from(catalog.ADDRESS), st.one_of(st.none(), texts, st.text(D, max_size=6))
)


words = st.text(string.ascii_letters + D + " #,.-", max_size=12)
plausible = st.fixed_dictionaries(
    {
        **{name: st.just(text) for name, text in GOOD.items()},
        "address1": st.builds(
            "{} Main {}{}".format,
            st.integers(1, 99_999),
            words,
            st.sampled_from(
                ("", " Suite 4", ", Apt B", " #12", " Floor 3", ", 2nd Floor", " Fl. 2, Unit 5")
            ),
        ),
        "address2": st.one_of(st.just(""), words, st.sampled_from(("Floor 7", "Suite 2, Floor 3"))),
        "floor": st.one_of(st.just(""), st.text(D, max_size=3), st.sampled_from(("Fl 3", "G"))),
        "city": st.sampled_from(("Pittsburgh", " pittsburgh ", "Pittsburgh, PA", "Pittsburgh pa")),
        "state": st.sampled_from(("PA", "pa", " Pa ")),
        "zip4": st.sampled_from(("", "1234")),
    }
)
"""Addresses as a hurried person fills the form; nearly all can be taken."""


def address_of(typed: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """Check an address; gives it, or the sentences."""
    try:
        return catalog.clean_address(typed, "+14125550100"), {}
    except Invalid as wrong:
        return None, wrong.problems


@given(address_parts)
def test_an_address_is_whole_or_each_wrong_part_has_a_sentence(changed: dict[str, Any]) -> None:
    found, problems = address_of(GOOD | changed)
    if found is None:
        assert problems.keys() <= set(changed)
        assert all(map(is_sentence, problems.values()))
        return
    assert re.fullmatch(r"[NSEWnsew]?[0-9]\S*\s+\S.*", found["address1"])
    assert all(found.get(part, "").isascii() for part in catalog.ADDRESS)
    assert all(found.get(part, "").isprintable() for part in catalog.ADDRESS)
    assert re.fullmatch(r"[0-9]{5}", found["zip"])
    assert re.fullmatch(r"[A-Z]{2}", found["state"])
    assert 3 <= len(found["caller_name"]) <= 50


@given(plausible)
def test_an_address_that_was_taken_is_taken_again_as_it_is(typed: dict[str, Any]) -> None:
    found, _ = address_of(typed)
    assume(found is not None)
    assert address_of(dict(found or {})) == (found, {})


@given(
    st.sampled_from(("{street}, {unit}", "{street} {unit}")),
    st.sampled_from(("Apt 4", "Suite 300", "Unit B", "#12", "Room 7")),
)
def test_a_unit_in_the_street_gets_its_own_place_and_is_then_right(how: str, unit: str) -> None:
    typed = GOOD | {"address1": how.format(street="100 Fifth Avenue", unit=unit), "address2": ""}
    found, _ = address_of(typed)
    answer = EmbeddedValidator().check(found or {})
    assert answer.verdict is Verdict.CORRECTED
    assert answer.address is not None
    assert (answer.address["address1"], answer.address["address2"]) == ("100 Fifth Avenue", unit)
    assert EmbeddedValidator().check(answer.address).verdict is Verdict.VALID


@given(plausible)
def test_the_check_of_a_corrected_address_finds_nothing_more(typed: dict[str, Any]) -> None:
    """Nobody is asked twice to accept a correction, and a correction is well-formed."""
    found, _ = address_of(typed)
    assume(found is not None)
    check = EmbeddedValidator().check
    answer = check(found or {})
    if answer.address is not None:
        again, problems = address_of(answer.address)
        assert problems == {}
        assert check(again or {}).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "pasted",
    [
        *("412–555–0190", "412\u2011555\u20110190", "\u202a(412) 555-0190\u202c"),
        *("tel:+1-412-555-0190", " TEL:4125550190", "412\u00a0555\u00a00190", "412\u200b5550190"),
    ],
)
def test_a_pasted_number_is_read_without_what_nobody_sees(pasted: str) -> None:
    assert display.to_e164(pasted) == "+14125550190"


# --- Money ------------------------------------------------------------------------------------


@given(st.integers(min_value=0, max_value=10**14))
def test_money_as_it_is_shown_is_read_back_exactly(micros: int) -> None:
    for currency in display.SIGNS:
        assert display.to_micros(display.money(micros, currency)) == micros


@pytest.mark.parametrize(
    ("typed", "micros"),
    [
        *(("1,250.50", 1_250_500_000), ("$ 1,000", 1_000_000_000), ("12", 12_000_000)),
        *((".5", 500_000), ("7.", 7_000_000), ("123,456,789.000001", 123_456_789_000_001)),
    ],
)
def test_money_is_read_as_people_type_it(typed: str, micros: int) -> None:
    assert display.to_micros(typed) == micros


@pytest.mark.parametrize("typed", ["1,50", "0,035", "12,5", "1234,567", "1,50.00", "1,,000", "٥"])
def test_a_comma_that_groups_no_thousands_is_no_amount(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^Write "):
        display.to_micros(typed)
