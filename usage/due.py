"""The call files that wait, read a little at every turn of the background loop; its order there.

A turn is short, so that mail does not wait behind a long file and a process that is told to stop
does so soon. What a turn leaves, the next goes on with; what a dead process left, any other.
"""

import logging
from datetime import timedelta

from sqlalchemy import select, update

import tenancy
from columns import now
from extensions import db
from models import CdrImport
from usage.importing import Importer
from usage.leases import RESTING, claim, let_go, new_owner
from usage.receiving import drop_abandoned

log = logging.getLogger(__name__)

TURN_SECONDS = 1.5
PAUSE = timedelta(minutes=5)
"""How long a file rests that could not be read for a reason nobody foresaw."""


class CallFiles:
    """The job; between turns it keeps what it knows of the file at hand, its prices above all."""

    def __init__(self) -> None:
        self.owner = new_owner()
        self.reading: Importer | None = None
        self.__name__ = "call_files"

    def __call__(self) -> int:
        """Read on in the oldest file for a while; gives how many files were at hand: 0 or 1."""
        with tenancy.across_resellers():
            import_id = claim(self.owner)
            if import_id is None:
                self.reading = None
                return 0
            whose = select(CdrImport.reseller_id).where(CdrImport.id == import_id)
            tenant = db.session.scalars(whose).one()
            db.session.rollback()
        with tenancy.acting_for(tenant):
            self._go_on(import_id)
        return 1

    def _go_on(self, import_id: int) -> None:
        try:
            if self.reading is None or self.reading.import_id != import_id:
                self.reading = Importer(import_id, self.owner)
            if self.reading.go_on(TURN_SECONDS):
                self.reading = None
        except Exception:
            # The boundary of one file: the others must not wait behind it.
            log.exception("The call file %s stopped", import_id)
            self.reading = None
            db.session.rollback()
            _rest(import_id)

    def stop(self) -> int:
        """Leave the file at hand to whoever comes next."""
        self.reading = None
        with tenancy.across_resellers():
            let_go(self.owner)
        return 0


def clean_up() -> int:
    """Refuse uploads that broke off."""
    with tenancy.across_resellers():
        drop_abandoned()
    return 0


def _rest(import_id: int) -> None:
    resting = update(CdrImport).where(CdrImport.id == import_id)
    db.session.execute(
        resting.values(leased_until=now() + PAUSE, lease_owner=RESTING),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()


call_files = CallFiles()
