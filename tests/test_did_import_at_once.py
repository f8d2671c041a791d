"""Two imports at the same moment, with connections of their own: no number twice, none lost."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

import did_import
import tenancy
from extensions import db
from models import Did, DidGroup, Reseller
from permissions import Actor

LINES = "\n".join(
    ["TN,Tier,DID group", *(f"412-200-{n:04d},1,Spare" for n in range(1500))]
).encode()


def importing(app, reseller_id, ready, expected):  # type: ignore[no-untyped-def]
    """Import in a thread of its own; tells what came of it."""
    with app.app_context():
        tenancy.enter(reseller_id)
        source = did_import.read(LINES, "numbers.csv")
        ready.wait()
        try:
            reseller = db.session.get(Reseller, reseller_id)
            done = did_import.apply(source, reseller, by=Actor("Alice"), expected=expected)
            db.session.commit()
            return done.counts
        except did_import.Differs as differs:
            db.session.rollback()
            return differs.summary.counts
        finally:
            db.session.remove()


def both(app, story, expected):  # type: ignore[no-untyped-def]
    ready = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(importing, app, story.reseller_id, ready, expected) for _ in range(2)]
        return sorted((task.result()["added"], task.result()["unchanged"]) for task in tasks)


def stored(look):  # type: ignore[no-untyped-def]
    with look():
        new = select(func.count(Did.id)).where(Did.nxx == "200")
        groups = select(func.count(DidGroup.id)).where(DidGroup.name == "Spare")
        return db.session.scalar(new), db.session.scalar(groups)


def test_two_imports_at_once_add_each_number_once(app, story, look):
    assert both(app, story, expected=None) == [(0, 1500), (1500, 0)]
    assert stored(look) == (1500, 1)


def test_the_slower_of_two_confirmations_is_told_that_nothing_was_as_it_saw(app, story, look):
    with look():
        source = did_import.read(LINES, "numbers.csv")
        reseller = db.session.get(Reseller, story.reseller_id)
        seen = did_import.preview(source, reseller).summary()
        db.session.rollback()
    assert both(app, story, expected=seen.fingerprint) == [(0, 1500), (1500, 0)]
    assert stored(look) == (1500, 1)
