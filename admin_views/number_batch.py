"""Acts on many numbers of the inventory at once: asked for in a list, confirmed on a page.

What each act does to one number, and when it cannot be, is ``stocking`` below.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_admin.actions import action
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

import display
import stocking
from admin_views import typed_word
from admin_views.base import to_id
from admin_views.whole_list import Chosen, WholeList
from extensions import db
from models import Client, Did, DidGroup, Tier
from permissions import Actor, Permission

WORD = "release"
"""Typed before numbers leave the inventory, which cannot be taken back."""


@dataclass(frozen=True)
class Batch:
    """One act: its words, what must be chosen for it, and what it says before it is done."""

    label: str
    button: str
    done: str
    consequence: str
    choose: str | None = None


BATCHES = {
    "group": Batch(
        "Put into a DID Group",
        "Put into the group",
        "put into the group",
        "Numbers go to the group's client at once, at their price and without an order.",
        "DID Group",
    ),
    "tier": Batch(
        "Change the tier",
        "Change the tier",
        "given the tier",
        "The tier's price holds for whoever orders next; who has a number pays what was agreed.",
        "Tier",
    ),
    "take_back": Batch(
        "Take back into stock",
        "Take back",
        "taken back into stock",
        "Clients lose these numbers at once, their services end, and others can order them.",
    ),
    "release": Batch(
        "Release",
        "Release",
        "released",
        "These numbers leave the inventory: clients lose them at once and nobody can order them.",
    ),
}


class NumberBatch(WholeList):
    """What a list of numbers needs to act on many of them."""

    by: Actor
    render: Callable[..., Any]
    scope: Callable[[Any], Any]

    page_size_options: tuple[int, ...] = (20, 50, 100, 500)
    stays_in_list = True

    def is_action_allowed(self, name: str) -> bool:
        """Offer the acts to whoever may change numbers."""
        return name in BATCHES and self.by.can(Permission.NUMBERS_EDIT)

    def handle_action(self, return_view: str | None = None) -> Any:
        """Refuse a forged act by its status, where stock would only lead back."""
        self._demand_edit()
        return super().handle_action(return_view)  # type: ignore[misc]

    @action("group", BATCHES["group"].label)
    def action_group(self, ids: list[str]) -> Any:
        """Ask which group."""
        return self._confirm("group", self.chosen_of(ids))

    @action("tier", BATCHES["tier"].label)
    def action_tier(self, ids: list[str]) -> Any:
        """Ask which tier."""
        return self._confirm("tier", self.chosen_of(ids))

    @action("take_back", BATCHES["take_back"].label)
    def action_take_back(self, ids: list[str]) -> Any:
        """Say what taking back does."""
        return self._confirm("take_back", self.chosen_of(ids))

    @action("release", BATCHES["release"].label)
    def action_release(self, ids: list[str]) -> Any:
        """Say what releasing does."""
        return self._confirm("release", self.chosen_of(ids))

    def _confirm(self, verb: str, chosen: Chosen, problem: str = "") -> Any:
        if not chosen.is_fitting:
            flash(f"Choose from 1 to {self.most_at_once} numbers.", "error")
            return redirect(self.way_back())
        dids = self._chosen(chosen.ids)
        page = self.render(
            "admin/numbers/batch.html",
            verb=verb,
            batch=BATCHES[verb],
            dids=dids,
            left=chosen.left,
            owned=sum(did.client_id is not None for did in dids),
            services=sum(len(did.services) for did in dids),
            choices=_choices(verb),
            chosen=request.form.get("choice", ""),
            typed=typed_word.typed(),
            problem=problem,
        )
        return page, 422 if problem else 200

    def _chosen(self, ids: Sequence[str]) -> list[Did]:
        """Find the chosen numbers within this list's scope; 404 if one is not in it."""
        keys = {key for key in map(to_id, ids) if key is not None}
        query = self.scope(db.session.query(Did)).filter(Did.id.in_(keys))
        options = (joinedload(Did.tier), joinedload(Did.client), joinedload(Did.did_group))
        dids = query.options(*options, selectinload(Did.services)).order_by(Did.number).all()
        if not keys or len(dids) != len(set(ids)):
            abort(404)
        return list(dids)

    @expose("/batch", methods=("POST",))
    def batch(self) -> Any:
        """Do what was confirmed, in one transaction, and account for what could not be."""
        self._demand_edit()
        verb, ids = request.form.get("verb", ""), request.form.getlist("rowid")
        if verb not in BATCHES:
            abort(400)
        if not Chosen(ids).is_fitting:
            return self._confirm(verb, Chosen(ids))
        wrong = typed_word.problem(WORD) if verb == "release" else ""
        if wrong:
            return self._confirm(verb, self.chosen_of(ids), wrong)
        act = _act(verb, request.form.get("choice"), self.by)
        if act is None:
            wrong = f"Choose a {BATCHES[verb].choose} from the list."
            return self._confirm(verb, self.chosen_of(ids), wrong)
        account = stocking.each(self._chosen(ids), act)
        db.session.commit()
        return self._report(verb, self.chosen_of(ids), account)

    def _report(self, verb: str, done: Chosen, account: stocking.Account) -> Any:
        """Say what was done; with a page of its own when not all went, or when there is more."""
        sentence = stocking.said(account, BATCHES[verb].done)
        if not (account.refused or done.left):
            flash(sentence, "success")
            return redirect(self.way_back())
        page = self.render(
            "admin/numbers/account.html",
            sentence=sentence,
            account=account,
            verb=verb,
            left=done.left,
            last=max(map(int, done.ids)),
        )
        return page, 200 if account.changed else 409

    def _demand_edit(self) -> None:
        if not self.by.can(Permission.NUMBERS_EDIT):
            abort(403)


def _act(verb: str, choice: str | None, by: Actor) -> stocking.Act | None:
    """Give what is done to each number; None when what it needs was not chosen."""
    if verb == "take_back":
        return partial(stocking.take_back, by=by)
    if verb == "release":
        return partial(stocking.release, by=by)
    key = to_id(choice)
    if verb == "group":
        group = db.session.get(DidGroup, key) if key is not None else None
        return partial(stocking.put, group=group, by=by) if group else None
    tier = db.session.get(Tier, key) if key is not None else None
    return partial(stocking.set_tier, tier=tier, by=by) if tier else None


def _choices(verb: str) -> list[tuple[str, str]]:
    if verb == "tier":
        rows = db.session.execute(
            select(Tier.id, Tier.name, Tier.monthly_micros).order_by(Tier.position)
        )
        return [(str(k), f"{name}, {display.money(price)} a month") for k, name, price in rows]
    if verb == "group":
        rows = db.session.execute(
            select(DidGroup.id, DidGroup.name, Client.name)
            .outerjoin(DidGroup.client)
            .order_by(func.lower(DidGroup.name))
        )
        return [(str(k), f"{name}, of {client or 'nobody'}") for k, name, client in rows]
    return []
