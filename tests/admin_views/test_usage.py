"""Usage in the back office: a client's month, its graph, calls and CSV; all clients (P3)."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text, update
from webtest import Upload

import background
import charging
from extensions import db
from models import (
    AuditEntry,
    Call,
    CdrImport,
    Client,
    DidAssignment,
    Rate,
    RatePlan,
    Reseller,
    UsageKind,
)
from tests.support.calls import BY, LONG_AGO, file_of, forget_charges, line, load, spent

MONTH = "from=2026-11-01&to=2026-11-30"


@pytest.fixture
def calls(look, story):  # type: ignore[no-untyped-def]
    """Twelve calls of Acme's at a mark-up of half, one of Birch's, one of nobody's."""
    with look():
        forget_charges()
        db.session.execute(
            update(DidAssignment)
            .values(started_at=LONG_AGO)
            .execution_options(synchronize_session=False)
        )
        plan = RatePlan(reseller_id=story.reseller_id, name="Half", markup_basis_points=5_000)
        db.session.add(plan)
        db.session.flush()
        db.session.get_one(Client, story.acme.id).rate_plan_id = plan.id
        db.session.commit()
        mine = [
            line(f"a{n}", story.acme_number, at=f"2026-11-{n:02d} 15:00:00", price="0.010001")
            for n in range(1, 13)
        ]
        theirs = line("b", story.birch_number, kind="Termination", price="1.00")
        load(*mine, theirs, line("c", story.free[0], price="0.50"))
    return story


def table(page: Any, table_id: str) -> dict[str, list[str]]:
    """Read a table: the row's heading to its cells."""
    return {
        row.th.get_text(strip=True): [cell.get_text(strip=True) for cell in row.find_all("td")]
        for row in page.html.select(f"#{table_id} tbody tr")
    }


def test_a_clients_page_shows_its_month_with_a_graph(visitor, alice, acme, calls) -> None:
    page = visitor(alice).get(f"/admin/clients/{acme.id}/usage/?{MONTH}")
    box = page.html.select_one("[data-figure]")
    figure = json.loads(box["data-figure"])
    assert sum(figure["data"][0]["y"]) == pytest.approx(0.180024)
    assert box["aria-label"].startswith("Usage and fees: $0.18 from Nov 1, 2026")
    assert table(page, "usage-days")["Nov 10, 2026"] == [
        *("1", "1.0", "0", "$0.010001", "$0.015002", "$0.005001")
    ]


def test_fees_stand_hatched_upon_the_calls_of_their_day(
    visitor, alice, acme, calls, look, time_machine
) -> None:
    time_machine.move_to(datetime(2026, 11, 10, 18, tzinfo=UTC), tick=True)
    with look():
        client = db.session.get_one(Client, acme.id)
        charging.adjust(client, 2_000_003, "An hour's work.", by=BY, key="k")
        db.session.commit()
    page = visitor(alice).get(f"/admin/clients/{acme.id}/usage/?{MONTH}")
    figure = json.loads(page.html.select_one("[data-figure]")["data-figure"])
    used, owed = figure["data"]
    assert [trace["name"] for trace in (used, owed)] == [
        *("Calls and messages", "Fees and adjustments")
    ]
    assert (used["y"][9], owed["y"][9]) == (0.015002, 2.000003)
    assert sum(used["y"]) == pytest.approx(0.180024)
    assert [*filter(None, owed["y"])] == [2.000003]
    assert owed["marker"]["pattern"]["shape"] == "/"
    assert table(page, "usage-days")["Nov 10, 2026"][4] == "$2.015005"


@pytest.mark.parametrize("tab", ["usage/?" + MONTH, ""])
def test_the_graph_by_kind_adds_up_to_the_pages_total(
    visitor, alice, acme, calls, look, time_machine, tab: str
) -> None:
    time_machine.move_to(datetime(2026, 11, 20, 18, tzinfo=UTC), tick=True)
    with look():
        load(line("t", calls.acme_number, kind="TollFree", price="0.020003"))
        client = db.session.get_one(Client, acme.id)
        charging.adjust(client, -10_007, "A credit.", by=BY, key="k")
        db.session.commit()
    page = visitor(alice).get(f"/admin/clients/{acme.id}/{tab}")
    box = page.html.select("[data-figure]")[-1]
    used, owed = json.loads(box["data-figure"])["data"]
    assert (used["y"], owed["y"]) == (["Toll-free", "Inbound"], ["Adjustments"])
    assert owed["x"] == [-0.010007]
    assert sum(used["x"] + owed["x"]) == pytest.approx(0.180024 + 0.030005 - 0.010007)
    assert [trace.get("marker", {}).get("pattern", {}).get("shape") for trace in (used, owed)] == [
        *(None, "/")
    ]
    assert box["aria-label"] == (
        "Inbound $0.18, Toll-free $0.03, Adjustments −$0.01: in all $0.20."
    )
    twin = table(page, "usage-kinds" if tab else "month-kinds")
    assert {name: row[4] for name, row in twin.items() if name != "In all"} == {
        "Inbound": "$0.180024",
        "Toll-free": "$0.030005",
        "Adjustments": "−$0.010007",
    }
    rows = list(csv.DictReader(io.StringIO(page.forms["csv-kinds"].submit().text)))
    assert sum(round(float(row["price"]) * 1_000_000) for row in rows) == 200_022


def test_the_totals_equal_the_sum_of_the_calls(visitor, alice, acme, calls, look) -> None:
    """The independent sum is plain SQL over the calls, for each client and for all."""
    page = visitor(alice).get(f"/admin/usage/?{MONTH}")
    shown = table(page, "usage-clients")
    with look(), db.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT c.name, count(*), sum(k.cost_micros), sum(k.price_micros) FROM call k "
                "JOIN client c ON c.id = k.client_id WHERE k.day >= '2026-11-01' GROUP BY c.name"
            )
        ).all()
        costs = int(connection.execute(text("SELECT sum(cost_micros) FROM call")).scalar_one())
    from display import cents, money

    for name, count, cost, price in rows:
        assert shown[name] == [
            *(str(count), shown[name][1], "0"),
            *(money(int(cost), "USD"), money(int(price), "USD")),
            money(int(price) - int(cost), "USD"),
        ]
    # Nobody pays for calls of nobody, though they cost: the reseller bears them.
    owed = sum(int(price) for *_, price in rows)
    assert shown["In all, calls of nobody too"][3:] == [
        money(amount, "USD") for amount in (costs, owed, owed - costs)
    ]
    months = table(visitor(alice).get("/admin/months/"), "months")
    assert months["November 2026"][3] == cents(owed, "USD")


def test_a_clients_usage_is_added_up_by_group(visitor, alice, acme, calls, story) -> None:
    page = visitor(alice).get(f"/admin/clients/{acme.id}/usage/?{MONTH}")
    assert table(page, "usage-groups") == {
        story.acme_group.name: ["12", "12.2", "0", "$0.120012", "$0.180024", "$0.060012"]
    }


def test_a_late_call_shows_its_own_date_and_the_day_it_counts_on(
    visitor, alice, bob, acme, story, look
) -> None:
    with look():
        forget_charges()
        db.session.execute(update(DidAssignment).values(started_at=LONG_AGO))
        db.session.get_one(Reseller, story.reseller_id).closed_through = date(2026, 10, 31)
        db.session.commit()
        load(line("late", story.acme_number, at="2026-10-30 15:00:00"))
    number = story.acme_number
    office = f"/admin/clients/{acme.id}/usage/numbers/{number}"
    for person, path in ((alice, office), (bob, f"/portal/keystone/usage/{number}")):
        row = visitor(person).get(f"{path}?{MONTH}").html.select_one("#calls tbody th")
        said = " ".join(row.get_text(" ").split())
        assert said.startswith("Oct 30, 2026")
        assert said.endswith("Came late, counts on Nov 1, 2026")


def test_calls_of_nobody_are_pointed_out(visitor, alice, calls) -> None:
    page = visitor(alice).get(f"/admin/usage/?{MONTH}")
    said = " ".join(page.html.find(id="unassigned").get_text().split())
    assert said.startswith("1 call and 0 messages belong to nobody. They cost $0.50;")


def test_a_number_leads_down_to_its_calls(visitor, alice, acme, calls) -> None:
    page = visitor(alice).get(f"/admin/clients/{acme.id}/usage/?{MONTH}")
    page = page.click(r"\(412\) 555-0190")
    assert len(page.html.select("#calls tbody tr")) == 12
    assert "12 calls, 12.2 minutes, $0.18." in " ".join(
        page.html.select_one(".page-intro").get_text().split()
    )


@pytest.mark.parametrize(
    ("what", "rows"), [("days", 30), ("kinds", 1), ("groups", 1), ("numbers", 1), ("calls", 12)]
)
def test_usage_is_exported_and_that_is_recorded(
    visitor, alice, acme, calls, look, what: str, rows: int
) -> None:
    form = visitor(alice).get(f"/admin/clients/{acme.id}/usage/?{MONTH}").forms[f"csv-{what}"]
    read = list(csv.DictReader(io.StringIO(form.submit().text)))
    assert len(read) == rows
    assert sum(round(float(row["price"]) * 1_000_000) for row in read) == 180_024
    with look():
        entry = db.session.query(AuditEntry).filter_by(action="usage.exported").one()
        assert entry.changes == {"what": what, "range": "2026-11-01 to 2026-11-30"}


def test_the_list_of_clients_shows_the_month_to_date(visitor, alice, calls, time_machine) -> None:
    time_machine.move_to("2026-11-20 12:00:00+00:00", tick=False)
    page = visitor(alice).get("/admin/clients/")
    cells = {
        row.select_one("td[data-label=Name]").get_text(strip=True): row.select_one(
            "td[data-label='Month to date']"
        ).get_text(strip=True)
        for row in page.html.select("tbody tr")
    }
    assert cells == {"Acme": "$0.18", "Birch": "$1.00"}


def test_the_first_page_shows_the_month_and_who_used_most(
    visitor, alice, calls, time_machine
) -> None:
    time_machine.move_to("2026-11-20 12:00:00+00:00", tick=False)
    page = visitor(alice).get("/admin/")
    names = [item.a.get_text() for item in page.html.select("#spenders li")]
    assert names == ["Birch", "Acme"]
    assert page.html.select_one("[data-figure]")


@pytest.mark.parametrize(
    ("junk", "sentence"),
    [
        ("from=x", "“x” is no date; write it like 2026-11-01."),
        (
            "from=2026-11-30&to=2026-11-01",
            "Nov 1, 2026 lies before Nov 30, 2026; swap the days.",
        ),
        ("to=1990-01-01", "There are no calls in the year 1990; choose one from 2000 to 2199."),
    ],
)
@pytest.mark.parametrize("place", ["clients/{}/usage/", "clients/{}/usage/numbers/4125550190"])
def test_a_range_that_cannot_be_is_said_at_its_days_and_shows_the_month(
    visitor, alice, acme, calls, junk: str, sentence: str, place: str
) -> None:
    page = visitor(alice).get(f"/admin/{place.format(acme.id)}?{junk}")
    said = f"{sentence} The month to date is shown."
    assert page.html.find(id="range-problem").get_text() == said
    name, typed = junk.split("&")[-1].split("=")
    assert page.forms["range"][name].value == typed


def test_mallory_sees_no_usage_of_acme(visitor, mallory, acme, calls) -> None:
    browser = visitor(mallory)
    browser.get(f"/admin/clients/{acme.id}/usage/", status=404)
    assert "Acme" not in browser.get(f"/admin/usage/?{MONTH}").text


def test_a_rate_goes_before_the_mark_up(visitor, alice, acme, calls, look, story) -> None:
    with look():
        plan = db.session.query(RatePlan).one()
        plan.rates.append(
            Rate(
                reseller_id=story.reseller_id,
                kind="inbound",
                prefix="1212",
                minute_micros=60_000,
                minimum_seconds=6,
                increment_seconds=6,
                starts_on=date(2026, 1, 1),
            )
        )
        db.session.commit()
        load(line("rated", story.acme_number, seconds=61))
        call = db.session.query(Call).filter_by(transaction_id="rated").one()
        assert (call.billed_seconds, call.price_micros) == (66, 66_000)


# --- Call files ---------------------------------------------------------------------------------


def upload(browser: Any, content: bytes, name: str = "20261110_20261111.CDR") -> Any:
    form = browser.get("/admin/call-files/new/").forms["upload"]
    form["file"] = Upload(name, content, "text/plain")
    return form.submit(expect_errors=True)


def test_a_file_is_imported_on_a_screen(visitor, alice, story, look, app) -> None:
    content = file_of(line("a", story.acme_number), "bad;line").getvalue()
    browser = visitor(alice)
    page = upload(browser, content).follow()
    assert page.html.find(id="said").get_text() == "It waits to be read."
    background.turn(app)
    page = browser.get(page.request.url)
    assert page.html.find(id="said").get_text() == "1 new call, 1 of nobody, 1 bad line."
    assert table(page, "bad")["3"] == ["There are 2 columns, not 20.", "bad;line"]
    page = page.click("Bad lines as CSV")
    assert page.text.splitlines()[1] == '3,"There are 2 columns, not 20.",bad;line'
    again = upload(browser, content, "renamed.CDR").follow()
    assert "This file was imported already, as 20261110_20261111.CDR." in again.text
    with look():
        assert db.session.query(CdrImport).count() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"\x1f\x8bnonsense", "The file breaks off"),
        (b"a;b\n1;2\n", "The first line lacks CallType"),
    ],
)
def test_a_file_that_cannot_be_says_why(visitor, alice, look, content: bytes, said: str) -> None:
    page = upload(visitor(alice), content)
    assert page.status_int == 422
    assert page.html.find(id="file-problem").get_text().startswith(said)
    with look():
        assert db.session.query(Call).count() == 0


def test_a_file_must_be_chosen(visitor, alice) -> None:
    page = visitor(alice).get("/admin/call-files/new/").forms["upload"].submit(status=422)
    assert page.html.find(id="file-problem").get_text() == "Choose a file first."


def test_victor_cannot_import_a_file(visitor, victor, look) -> None:
    browser = visitor(victor)
    token = browser.get("/admin/call-files/").html.find("input", {"name": "csrf_token"})["value"]
    browser.post("/admin/call-files/new/", {"csrf_token": token}, status=403)
    with look():
        assert db.session.query(CdrImport).count() == 0


def test_numbers_and_clients_beyond_fifty_stand_on_further_pages(
    visitor, alice, acme, look, story
) -> None:
    with look():
        forget_charges()
        for n in range(60):
            number, client = (
                f"+1412555{n + 200:04d}",
                Client(name=f"C {n}", contact_email="c@x.example"),
            )
            db.session.add(client)
            db.session.flush()
            for owner in (acme.id, client.id):
                spent(owner, date(2026, 11, 3), 1_000_000 - n, UsageKind.INBOUND, number=number)
        db.session.commit()
    browser = visitor(alice)
    for path, rows, expected in (
        (f"/admin/clients/{acme.id}/usage/", "usage-numbers", 60),
        ("/admin/usage/", "usage-clients", 61),
    ):
        first = browser.get(f"{path}?{MONTH}")
        rest = first.click("Next")
        shown = [set(table(page, rows)) - {"In all, calls of nobody too"} for page in (first, rest)]
        assert (len(shown[0]), len(shown[1])) == (50, expected - 50)
        assert not shown[0] & shown[1]
        assert "Next" not in rest.html.select_one(".pager").get_text()
        beyond = browser.get(f"{path}?{MONTH}&page=9")
        assert not beyond.html.find(string=re.compile("^Nothing was used|^No calls"))
        assert "Previous" in beyond.html.select_one(".pager").get_text()
