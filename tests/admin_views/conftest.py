"""What several tests of the back office's screens begin with, beside the cast."""

import pytest
from flask import Flask

import credentials
import resellers
import tenancy
from extensions import db
from models import AccountStatus, Tier
from tests.support import cast, settings_page


@pytest.fixture
def beginner(app: Flask, story: cast.Story) -> cast.Person:
    """The owner of a reseller that has nothing yet."""
    with app.app_context(), tenancy.across_resellers():
        owner = resellers.create("Fresh Tel", "fresh", "olga@fresh.example", "Olga")
        owner.password_hash = credentials.hash_password(cast.PASSWORD)
        owner.status = AccountStatus.ACTIVE
        db.session.commit()
        return cast.Person(owner.id, "Olga", owner.email, owner.reseller_id, "fresh", True)


@pytest.fixture
def unchanged(look, acme):  # type: ignore[no-untyped-def]
    """Hold that a test changed nothing of Acme's settings and wrote no mail."""
    with look():
        before = settings_page.state(acme)
    yield
    with look():
        assert settings_page.state(acme) == before


@pytest.fixture
def gold(look, story) -> int:  # type: ignore[no-untyped-def]
    """A second tier, which nobody can order from yet."""
    with look():
        tier = Tier(reseller_id=story.reseller_id, label="2", name="Gold", position=2)
        db.session.add(tier)
        db.session.commit()
        return tier.id
