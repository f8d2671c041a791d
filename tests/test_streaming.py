"""Files are sent while their rows are read, and lists count no further than they say."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, select

import tenancy
from admin_views import base
from columns import now
from extensions import db
from models import Did
from tests.support.cast import Story

MANY = 1_200


@pytest.fixture
def many_numbers(story: Story, look: Any) -> None:
    """More numbers in Keystone's inventory than are read at once."""
    with look():
        db.session.execute(insert(Did), [number(story, n) for n in range(MANY)])
        db.session.commit()


def number(story: Story, n: int) -> dict[str, Any]:
    row = {"number": f"+1215556{n:04d}", "npa": "215", "nxx": "556", "tier_id": story.tier.id}
    return {**row, "reseller_id": story.reseller_id, "created_at": now()}


@pytest.fixture
def rows_read(app: Flask) -> Any:
    """Count the numbers that have been made into objects."""
    seen = [0]

    def count(*_: object) -> None:
        seen[0] += 1

    event.listen(Did, "load", count)
    yield seen
    event.remove(Did, "load", count)


def test_the_first_of_a_csv_is_sent_before_the_last_row_is_read(
    app, story, many_numbers, visitor, rows_read
) -> None:
    cookies = visitor(story.alice).cookies
    client = app.test_client(use_cookies=False)
    headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items())}
    answer = client.get("/admin/dids/export/csv/", headers=headers, buffered=False)
    rows_read[0] = 0
    chunks = iter(answer.response)
    next(chunks)
    next(chunks)
    assert 0 < rows_read[0] <= 500
    rest = b"".join(chunks)
    answer.close()
    assert rest.count(b"+1215556") >= MANY - 1
    assert rows_read[0] >= MANY


def test_a_long_list_is_counted_up_to_the_cap_and_says_so(
    story, many_numbers, visitor, monkeypatch
) -> None:
    monkeypatch.setattr(base, "COUNT_CAP", 1_001)
    page = visitor(story.alice).get("/admin/dids/")
    assert "10,000+ rows" in page.text
    assert "1,20" not in page.text


def test_a_list_reads_no_more_rows_than_it_shows(story, many_numbers, visitor, rows_read) -> None:
    browser = visitor(story.alice)
    rows_read[0] = 0
    browser.get("/admin/dids/?page_size=20")
    assert rows_read[0] == 20


def test_a_statement_that_was_let_through_for_one_reseller_is_narrowed_for_the_next(
    app, story, look
) -> None:
    def seen(reseller_id: int) -> set[int]:
        with tenancy.acting_for(reseller_id):
            return set(db.session.scalars(select(Did.reseller_id)))

    with look():
        own, other = story.reseller_id, story.mallory.reseller_id
        assert seen(own) == {own}
        assert seen(other) <= {other}
        assert seen(own) == {own}
