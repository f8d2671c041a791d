"""The sample inventory: what its script makes, all of it fictional, and as broken as meant."""

import csv
import re

import pytest

import did_import
from did_import.cells import BadRow, values_of
from sample_data import make_inventory as script

INVENTORY = script.HERE / "inventory.csv"
BROKEN = script.HERE / "inventory_broken.csv"


def rows() -> list[dict[str, str]]:
    with INVENTORY.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_committed_files_are_what_the_script_makes():
    assert INVENTORY.read_bytes() == script.as_csv(script.inventory())
    assert BROKEN.read_bytes() == script.broken()


def test_every_number_is_fictional_and_stands_once():
    numbers = [row["Number"] for row in rows()]
    assert all(re.fullmatch(r"\d{3}-555-01\d\d", number) for number in numbers)
    assert len(set(numbers)) == len(numbers) == 600


def test_the_inventory_is_small_but_varied():
    inventory = rows()
    assert INVENTORY.stat().st_size < 100_000
    assert {row["Tier"] for row in inventory} == {"1", "2", "4", "777"}
    assert len({row["State"] for row in inventory}) > 15
    assert len({row["City"] for row in inventory}) > 60
    assert 20 < sum(1 for row in inventory if row["Monthly price"]) < 300


def test_pittsburgh_is_where_its_area_code_is():
    places = {
        (row["City"], row["State"], row["LATA"]) for row in rows() if row["Number"][:3] == "412"
    }
    assert ("Pittsburgh", "PA", "234") in places
    assert {state for _, state, _ in places} == {"PA"}


def test_every_line_of_the_inventory_is_understood():
    source = did_import.read(INVENTORY.read_bytes(), INVENTORY.name)
    assert len([values_of(row, source.headings) for row in source.rows()]) == 600
    assert source.remarks() == []


def test_the_large_inventory_repeats_no_number():
    numbers = [row[0] for row in script.many(20_000)]
    assert len(set(numbers)) == 20_000


@pytest.mark.parametrize("line", range(4, 30))
def test_each_line_of_the_broken_file_is_broken(line):
    """Lines 13 to 15 and 22 can be read; only the inventory shows what is wrong with them."""
    source = did_import.read(BROKEN.read_bytes(), BROKEN.name)
    row = next(row for row in source.rows() if row.at == line)
    if line in (13, 14, 15, 22):
        assert values_of(row, source.headings)["number"].startswith(
            "+1412555016" if line < 22 else "+1412"
        )
    else:
        with pytest.raises(BadRow, match=r"\.$"):
            values_of(row, source.headings)
