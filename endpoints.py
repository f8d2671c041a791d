"""Which client's endpoints are at which addresses, and since when; calls are attributed by it."""

from sqlalchemy import select, update

from columns import now
from extensions import db
from models import Endpoint, EndpointAssignment, EndpointGroup


def keep_history(group: EndpointGroup) -> None:
    """Write from when on the addresses of a group are a client's, after either has changed.

    What was before stays as it was: a call belongs to whom it belonged at its time.
    """
    db.session.flush()
    here = set(
        db.session.scalars(select(Endpoint.host).where(Endpoint.endpoint_group_id == group.id))
    )
    for host in here | _gone(group):
        _set(host, _client_of(host))


def _gone(group: EndpointGroup) -> set[str]:
    """Find addresses that still count as a client's although no group of its has them."""
    standing = select(Endpoint.host).join(
        EndpointGroup, EndpointGroup.id == Endpoint.endpoint_group_id
    )
    live = select(EndpointAssignment.host).where(
        EndpointAssignment.ended_at.is_(None),
        EndpointAssignment.host.not_in(standing.where(EndpointGroup.client_id.is_not(None))),
    )
    return set(db.session.scalars(live))


def _client_of(host: str) -> int | None:
    """Tell whose address it is; None when it is nobody's, or more than one client's."""
    owners = db.session.scalars(
        select(EndpointGroup.client_id)
        .join(Endpoint, Endpoint.endpoint_group_id == EndpointGroup.id)
        .where(Endpoint.host == host, EndpointGroup.client_id.is_not(None))
        .distinct()
    ).all()
    return owners[0] if len(owners) == 1 else None


def _set(host: str, client_id: int | None) -> None:
    live = (EndpointAssignment.host == host, EndpointAssignment.ended_at.is_(None))
    known = db.session.scalar(select(EndpointAssignment.client_id).where(*live))
    if known == client_id:
        return
    moment = now()
    db.session.execute(update(EndpointAssignment).where(*live).values(ended_at=moment))
    if client_id is not None:
        db.session.add(EndpointAssignment(host=host, client_id=client_id, started_at=moment))
    db.session.flush()
