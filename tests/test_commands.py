"""Making a reseller, loading the demo, listing its people; import-dids has its own."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

import demo
import tenancy
from extensions import db
from models import Login, Order, PortalSettings, Reseller, Role, Staff, Tier
from tests.support import people
from tests.support.cast import Person, Story

LINK = re.compile(r"^http://localhost(/admin/set-password/\S+)$", re.M)


@pytest.fixture
def run(app: Flask):  # type: ignore[no-untyped-def]
    """Run one of the application's own commands."""

    def command(*words: str):  # type: ignore[no-untyped-def]
        return app.test_cli_runner().invoke(args=list(words))

    return command


def reseller_words(**changed: str) -> list[str]:
    """Write the command that makes Fresh Tel, with some of its words changed."""
    words = {
        "name": "Fresh Tel",
        "slug": "fresh",
        "owner": "olga@fresh.example",
        "owner-name": "Olga",
    } | {key.replace("_", "-"): value for key, value in changed.items()}
    name = words.pop("name")
    options = [part for key, value in words.items() for part in (f"--{key}", value)]
    return ["create-reseller", name, *options]


def counts(app: Flask) -> list[int]:
    """Count the rows of every table."""
    with app.app_context(), tenancy.across_resellers():
        tables = db.Model.metadata.sorted_tables
        connection = db.session.connection()
        return [connection.execute(select(func.count()).select_from(t)).scalar() for t in tables]


# --- create-reseller --------------------------------------------------------------------------


def test_it_makes_a_reseller_with_what_it_needs(app: Flask, run) -> None:  # type: ignore[no-untyped-def]
    result = run(*reseller_words(owner=" Olga@Fresh.example "))
    assert result.exit_code == 0
    assert "Fresh Tel is made. Olga sets a password here" in result.output
    with app.app_context(), tenancy.across_resellers():
        reseller = db.session.scalars(select(Reseller)).one()
        owner = db.session.scalars(select(Staff)).one()
        brand = db.session.scalars(select(PortalSettings)).one()
        assert (reseller.slug, reseller.time_zone, reseller.currency) == (
            "fresh",
            "America/New_York",
            "USD",
        )
        assert (owner.email, owner.role, owner.password_hash) == (
            "olga@fresh.example",
            Role.OWNER,
            None,
        )
        assert brand.company_name == "Fresh Tel"
        assert db.session.query(Tier).count() == 1


def test_the_link_sets_the_owners_password_and_lets_her_in(app: Flask, run, visitor) -> None:  # type: ignore[no-untyped-def]
    path = LINK.search(run(*reseller_words()).output)[1]
    people.choose_password(visitor(), path, "seven lamps on a quiet river")
    olga = Person(
        0, "Olga", "olga@fresh.example", 0, "fresh", True, None, "seven lamps on a quiet river"
    )
    page = visitor(olga).get("/admin/")
    assert "Fresh Tel" in page.text
    assert "This link no longer works" in visitor().get(path, status=410).text


def test_the_printed_link_is_not_in_the_database(app: Flask, run) -> None:  # type: ignore[no-untyped-def]
    token = LINK.search(run(*reseller_words()).output)[1].rsplit("/", 1)[1]
    with app.app_context(), tenancy.across_resellers():
        connection = db.session.connection()
        for table in db.Model.metadata.sorted_tables:
            assert token not in str(connection.execute(select(table)).all())


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"slug": "keystone"}, "There is a reseller with the slug keystone already."),
        ({"slug": "Fresh"}, "The slug takes 2 to 40 small letters and digits"),
        ({"slug": "f"}, "The slug takes 2 to 40"),
        ({"slug": "-fresh"}, "The slug takes 2 to 40"),
        ({"slug": "fre--sh"}, "The slug takes 2 to 40"),
        ({"slug": "fresh/../admin"}, "The slug takes 2 to 40"),
        ({"slug": "fresh\n"}, "The slug takes 2 to 40"),
        ({"slug": "f" + "-f" * 20}, "The slug takes 2 to 40"),
        ({"owner": "alice@keystone.example"}, "belongs to a staff member already."),
        ({"owner": "ALICE@keystone.example"}, "belongs to a staff member already."),
        ({"owner": "olga"}, "olga is not an e-mail address. Write one like"),
        ({"owner": "olga@fresh.example\nBcc: x@y.example"}, "is not an e-mail address."),
        ({"owner": ""}, "is not an e-mail address."),
        ({"name": " "}, "The reseller's name takes 1 to 120 characters."),
        ({"name": "F" * 121}, "The reseller's name takes 1 to 120 characters."),
        ({"owner_name": "O" * 121}, "The owner's name takes 1 to 120 characters."),
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus is not a time zone."),
        ({"currency": "dollars"}, "dollars is not a currency."),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(
    app: Flask,
    story: Story,
    run,  # type: ignore[no-untyped-def]
    changed: dict[str, str],
    sentence: str,
) -> None:
    before = counts(app)
    result = run(*reseller_words(**changed))
    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True)
    assert sentence in result.output
    assert "set-password" not in result.output
    assert counts(app) == before


def test_a_name_is_brought_onto_one_line(app: Flask, run) -> None:  # type: ignore[no-untyped-def]
    assert run(*reseller_words(name="Fresh\r\nBcc:  Tel")).exit_code == 0
    with app.app_context(), tenancy.across_resellers():
        assert db.session.scalars(select(PortalSettings.company_name)).one() == "Fresh Bcc: Tel"


# --- The demo ---------------------------------------------------------------------------------


def test_the_demo_is_not_for_production(app: Flask, run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(app.config, "APP_ENV", "production")
    before = counts(app)
    result = run("load-demo")
    assert result.exit_code == 1
    assert "it is not for production" in result.output
    assert counts(app) == before


def test_the_demo_beside_real_rows_is_not_loaded(app: Flask, story: Story, run) -> None:  # type: ignore[no-untyped-def]
    before = counts(app)
    result = run("load-demo")
    assert (result.exit_code, counts(app)) == (0, before)
    assert "There is data already; the demo was not loaded again." in result.output


def test_the_demo_is_loaded_once_and_lists_who_can_sign_in(app: Flask, run, visitor) -> None:  # type: ignore[no-untyped-def]
    assert "The demo is loaded." in run("load-demo").output
    before = counts(app)
    assert "not loaded again" in run("load-demo").output
    assert counts(app) == before
    with app.app_context(), tenancy.across_resellers():
        states = {order.state.value for order in db.session.scalars(select(Order))}
        assert states == {"pending", "completed", "rejected", "cancelled"}
        forget_the_password_of("dana@cedar.example")
    rows = [line.split(" ") for line in run("demo-users").output.splitlines()]
    assert [row[1].split("@")[0] for row in rows] == [
        "olivia",
        "mallory",
        "alice",
        "victor",
        "bob",
        "charlie",
    ]
    for address, email, password in rows:
        page = visitor()
        people.try_to_sign_in(page, address.removeprefix("http://localhost"), email, password)
        assert people.is_inside(page, person_of(address, email))


def forget_the_password_of(email: str) -> None:
    """Give a login of the demo another password, as somebody who tries it would."""
    login = db.session.scalars(select(Login).where(Login.email == email)).one()
    login.password_hash = None
    db.session.commit()


def person_of(address: str, email: str) -> Person:
    slug = address.rsplit("/", 2)[1]
    return Person(0, email, email, 0, slug, address.endswith("/admin/login"), None, demo.PASSWORD)


def test_without_the_demo_nobody_is_listed(app: Flask, story: Story, run) -> None:  # type: ignore[no-untyped-def]
    """The cast has addresses of the demo's kind, and passwords of its own."""
    result = run("demo-users")
    assert (result.exit_code, result.output) == (0, "")
