"""Files of rates: the form under a plan, the preview with every bad line, and taking a file in."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose

import database
import display
import sheets
from admin_views.base import Page, own_reseller
from admin_views.rates.forms import DeckForm
from catalog import Invalid
from columns import now
from extensions import db
from models import RateDeck, RatePlan, UsageKind
from permissions import Permission
from usage import decks, reports


class RateDecks(Page):
    """The upload of rates into a plan."""

    permission = Permission.MONEY_EDIT
    menu_under = "rate_plans"

    def __init__(self) -> None:
        super().__init__(name="Rates", endpoint="rate_decks", url="/admin/rate-decks")

    def is_visible(self) -> bool:
        """Keep out of the menu: it is reached from a plan."""
        return False

    @expose("/")
    def index(self) -> Any:
        """Lead to the plans, which files belong to."""
        return redirect(url_for("rate_plans.index_view"))

    @expose("/new/<int:plan_id>", methods=("GET", "POST"))
    def upload(self, plan_id: int) -> Any:
        """Take a file, and show what it would change."""
        plan, form = _found(RatePlan, plan_id), DeckForm()
        if request.method == "POST":
            try:
                deck = self._read(plan.id, form)
            except Invalid as wrong:
                db.session.rollback()
                form.blame(wrong.problems)
                plan = _found(RatePlan, plan_id)
            else:
                decks.keep(deck)
                db.session.commit()
                return redirect(url_for(".show", deck_id=deck.id))
        else:
            form.starts_on.data = reports.today(own_reseller().time_zone, now()).isoformat()
        return self.render("admin/rates/deck.html", form=form, plan=plan)

    def _read(self, plan_id: int, form: DeckForm) -> RateDeck:
        file = request.files.get("file")
        if file is None or not file.filename:
            raise Invalid({"file": "Choose a file first."})
        by, name = self.by, file.filename.replace("\0", "").rsplit("/", 1)[-1]
        terms = decks.Terms(
            form.kind.data, form.starts_on.data, form.replaces.data, form.without_one.data
        )
        # A long file shall not keep everybody waiting for the write lock of a POST.
        db.session.rollback()
        with database.reading():
            deck = decks.read(plan_id, file.stream, name, by=by, terms=terms)
            db.session.rollback()
        return deck

    @expose("/<int:deck_id>")
    def show(self, deck_id: int) -> Any:
        """Show what a file would change, or what it changed."""
        deck = _found(RateDeck, deck_id)
        return self.render(
            "admin/rates/preview.html",
            deck=deck,
            plan=db.session.get_one(RatePlan, deck.rate_plan_id),
            counts=deck.counts,
            refusal=decks.refusal(deck) if deck.applied_at is None else None,
            kind=reports.KINDS[UsageKind(deck.kind)],
        )

    @expose("/<int:deck_id>/apply", methods=("POST",))
    def apply(self, deck_id: int) -> Any:
        """Take a file into its plan, once."""
        deck = _found(RateDeck, deck_id)
        plan_id = deck.rate_plan_id
        try:
            counts = decks.apply(deck, by=self.by)
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            flash(str(wrong), "error")
            return redirect(url_for(".show", deck_id=deck_id))
        if counts is None:
            flash("This file was taken in already. Nothing was done twice.", "info")
        else:
            flash(_said(counts), "success")
        return redirect(url_for("rate_plans.details_view", id=plan_id))

    @expose("/<int:deck_id>/bad-lines.csv")
    def bad_lines(self, deck_id: int) -> Any:
        """Give every bad line with its reason."""
        deck = _found(RateDeck, deck_id)
        if not deck.content:
            abort(404, "The file is not kept any more. Upload it again.")
        rows = [[one.line, one.reason, one.text] for one in decks.bad_lines(deck)]
        return sheets.download(f"bad-rates-{deck_id}.csv", ["line", "reason", "text"], rows)


def _said(counts: decks.Counts) -> str:
    words = f"{display.plural(counts.new, 'new rate')}, {counts.changed:,} changed"
    ended = f", {counts.ending:,} ended" if counts.ending else ""
    return f"{words}{ended}. Calls counted already keep their price."


def _found(model: Any, key: int) -> Any:
    # Flask's int: takes any number of digits, and the databases do not.
    return (db.session.get(model, key) if key < 2**62 else None) or abort(404)
