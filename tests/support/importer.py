"""A process that imports a call file for a test, so that the test can kill it at any moment.

Run: python -m tests.support.importer DATABASE_URL SLUG FILE BUNCH
"""

import sys
from pathlib import Path

from sqlalchemy import select

import tenancy
from app import create_app
from config import Settings
from extensions import db
from models import Reseller
from permissions import Actor
from usage import importing


def main(url: str, slug: str, file: str, bunch: str) -> None:
    """Import the file, carrying on where a killed process left it."""
    key = "a-key-for-tests-only-that-is-long-enough-to-pass"
    given = {"APP_ENV": "test", "DATABASE_URL": url, "SECRET_KEY": key, "DELIVERER": "off"}
    app = create_app(Settings.from_environment(given))
    importing.CHUNK = int(bunch)
    with app.app_context():
        with tenancy.across_resellers():
            tenant = db.session.scalars(select(Reseller.id).where(Reseller.slug == slug)).one()
            db.session.rollback()
        with tenancy.acting_for(tenant), Path(file).open("rb") as stream:
            sys.stdout.write("started\n")
            sys.stdout.flush()
            importing.run(stream, Path(file).name, by=Actor("Test"))


if __name__ == "__main__":
    main(*sys.argv[1:])
