"""The tiers and groups that a file may name: those a reseller has, and those it will create."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from extensions import db
from models import Client, DidGroup, EndpointGroup, Reseller, Tier


@dataclass(slots=True)
class Named:
    """A tier or a group; without an id it is to be created."""

    id: int | None
    name: str
    client_id: int | None = None
    client: str = ""


class Names:
    """Things by their names: exactly as written, else without regard to case and spacing."""

    def __init__(self, things: Iterable[Named]) -> None:
        self._exact: dict[str, Named] = {}
        self._loose: dict[str, Named] = {}
        self._by_id: dict[int, Named] = {}
        self.new: list[Named] = []
        for thing in things:
            self._add(thing)

    def find(self, name: str) -> Named | None:
        """Find a thing by its name."""
        return self._exact.get(name) or self._loose.get(_loosely(name))

    def by_id(self, key: int | None) -> Named | None:
        """Find a thing by its row's id."""
        return self._by_id.get(key) if key is not None else None

    def keep(self, thing: Named) -> None:
        """Note a thing that is to be created, so that later lines find it."""
        if thing.id is None and self.find(thing.name) is None:
            self.new.append(thing)
            self._add(thing)

    def unwritten(self) -> list[Named]:
        """List the things that are to be created and have no row yet."""
        return [thing for thing in self.new if thing.id is None]

    def names(self) -> list[str]:
        """List the names, as they are shown."""
        return sorted(self._exact)

    def _add(self, thing: Named) -> None:
        self._exact.setdefault(thing.name, thing)
        self._loose.setdefault(_loosely(thing.name), thing)
        if thing.id is not None:
            self._by_id[thing.id] = thing


def _loosely(name: str) -> str:
    return " ".join(name.casefold().split())


class Known:
    """The tiers and groups of one reseller, looked up once for a whole file."""

    def __init__(self, reseller: Reseller, create_tiers: bool) -> None:
        self.reseller_id = reseller.id
        self.currency = reseller.currency
        self.create_tiers = create_tiers
        self.tiers = Names(
            Named(key, label) for key, label in db.session.execute(select(Tier.id, Tier.label))
        )
        self.groups = Names(_groups(DidGroup))
        self.endpoint_groups = Names(_groups(EndpointGroup))

    def tier(self, label: str) -> Named | None:
        """Find a tier by its label; files say Tier 1 or 1, and so do resellers."""
        return self.tiers.find(label) or self.tiers.find(f"Tier {label}")

    def write_new(self) -> None:
        """Write the tiers and groups that are to be created and have no row yet."""
        for tier in self.tiers.unwritten():
            label = tier.name
            tier.id = _saved(Tier(reseller_id=self.reseller_id, label=label, name=f"Tier {label}"))
        for group in self.groups.unwritten():
            group.id = _saved(DidGroup(reseller_id=self.reseller_id, name=group.name))


def _groups(model: type[DidGroup] | type[EndpointGroup]) -> list[Named]:
    rows = db.session.execute(
        select(model.id, model.name, model.client_id, Client.name)
        .outerjoin(Client, model.client_id == Client.id)
        .order_by(model.id)
    )
    return [Named(key, name, client_id, client or "") for key, name, client_id, client in rows]


def _saved(row: Tier | DidGroup) -> int:
    db.session.add(row)
    db.session.flush()
    return row.id
