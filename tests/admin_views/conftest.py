"""What several tests of the back office's screens begin with, beside the cast."""

import pytest
from flask import Flask

import credentials
import resellers
import tenancy
from extensions import db
from models import AccountStatus
from tests.support import cast


@pytest.fixture
def beginner(app: Flask, story: cast.Story) -> cast.Person:
    """The owner of a reseller that has nothing yet."""
    with app.app_context(), tenancy.across_resellers():
        owner = resellers.create("Fresh Tel", "fresh", "olga@fresh.example", "Olga")
        owner.password_hash = credentials.hash_password(cast.PASSWORD)
        owner.status = AccountStatus.ACTIVE
        db.session.commit()
        return cast.Person(owner.id, "Olga", owner.email, owner.reseller_id, "fresh", True)
