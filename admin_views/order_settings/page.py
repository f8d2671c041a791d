"""The page of order settings, of a client or for new clients: look, preview, copy, save."""

from typing import Any

from flask import abort, current_app, flash, redirect, request
from flask_admin import expose

import display
import order_settings
import policy
from admin_views.base import Page
from admin_views.groups import client_menu
from admin_views.of_client import PREFIX, OfClient
from admin_views.order_settings.form import SettingsForm
from catalog import Invalid
from extensions import db
from models import Client, OrderSettings
from order_settings import Affected, Stale, Values
from permissions import Actor, Permission


class SettingsPage:
    """What the two pages share: of one client, or with no client of the new ones."""

    by: Actor
    render: Any

    def answer(self, client: Client | None) -> Any:
        """Show the settings, or do what the pressed button says."""
        if request.method == "GET":
            form = SettingsForm(formdata=None)
            form.show(order_settings.values_of(stored(client)))
            return self._page(client, form)
        if not self.by.can(Permission.CLIENTS_EDIT):
            abort(403)
        act = request.form.get("act")
        return self._copy(client) if act == "copy" else self._typed(client, act == "preview")

    def _typed(self, client: Client | None, is_preview: bool) -> Any:
        form = SettingsForm()
        try:
            values = order_settings.read(form.settings())
            if is_preview:
                return self._page(client, form, values)
            return self._save(client, form, values)
        except Stale as late:
            db.session.rollback()
            form.blame(late.problems)
            # Whoever saves again has read what stands now.
            form.version.data = stored(client).version
            return self._page(client, form, order_settings.read(form.settings())), 409
        except Invalid as wrong:
            db.session.rollback()
            form.blame(wrong.problems)
            return self._page(client, form), 422

    def _save(self, client: Client | None, form: SettingsForm, values: Values) -> Any:
        becomes = order_settings.affected(client, values) if client else Affected()
        changed = order_settings.change(
            stored(client), by=self.by, version=form.seen_version(), **form.settings()
        )
        db.session.commit()
        flash("The order settings are saved." if changed else "Nothing was changed.", "success")
        if changed and becomes.approvable:
            count = display.plural(len(becomes.approvable), "pending order")
            flash(f"{count} can be approved as before, and go on waiting for a person.")
        if becomes.stopped:
            flash(stopped_words(becomes), "warning")
        return redirect(request.path)

    def _copy(self, client: Client | None) -> Any:
        """Fill the form with another's settings; nothing is saved before Save settings."""
        source = copied(request.form.get("source"))
        form, values = SettingsForm(formdata=None), order_settings.values_of(source)
        form.show(values)
        name = source.client.name if source.client_id else "the defaults for new clients"
        return self._page(client, form, values, copied_from=name)

    def _page(
        self, client: Client | None, form: SettingsForm, tried: Values | None = None, **more: Any
    ) -> Any:
        """Show the form, with what comes of the settings that are tried, else of those saved."""
        form.offer()
        form.version.data = form.version.data or stored(client).version
        return self.render(
            "admin/order_settings/page.html",
            form=form,
            of=client,
            sources=sources(client),
            may_edit=self.by.can(Permission.CLIENTS_EDIT),
            is_tried=tried is not None,
            **(_tried(client, tried) if tried else {}),
            **_shown(order_settings.trial(tried, client) if tried else stored(client)),
            **more,
        )


def _tried(client: Client | None, values: Values) -> dict[str, Any]:
    """Say what settings that are not saved would change, and what pending orders become."""
    before = order_settings.values_of(stored(client))
    return {
        "changes": order_settings.differences(before, values),
        "becomes": order_settings.affected(client, values) if client else None,
    }


def _shown(settings: OrderSettings) -> dict[str, Any]:
    """Say what the portal shows under settings, saved or not."""
    return {
        "glance": order_settings.glance(settings),
        "portal_menu": current_app.extensions["portal_menu"](settings),
        "warnings": order_settings.warnings(settings),
    }


class ClientOrderSettings(SettingsPage, OfClient, Page):
    """The order settings of one client, a tab of its page."""

    permission = Permission.CLIENTS_VIEW

    def __init__(self) -> None:
        super().__init__(
            name="Order Settings",
            endpoint="client_order_settings",
            url=f"{PREFIX}/order-settings",
        )

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show what the client may order, and change it."""
        return self.answer(self.client)


def stored(client: Client | None) -> OrderSettings:
    """Give a client's settings, or what new clients begin with."""
    return policy.settings_of(client) if client is not None else order_settings.defaults()


def sources(client: Client | None) -> list[tuple[str, str]]:
    """List whose settings can be copied."""
    others = [(key, name) for key, name in client_menu() if not client or key != str(client.id)]
    return others if client is None else [("defaults", "Defaults for new clients"), *others]


def copied(chosen: str | None) -> OrderSettings:
    """Find the settings to copy; 404 for a client that the reseller does not have."""
    if chosen == "defaults":
        return order_settings.defaults()
    key = chosen if chosen in dict(client_menu()) else None
    client = db.session.get(Client, int(key)) if key else None
    return policy.settings_of(client) if client else abort(404)


def stopped_words(becomes: Affected) -> str:
    """Say which pending orders can no longer be approved."""
    names = ", ".join(order.number for order in becomes.stopped[:10])
    more = f" and {len(becomes.stopped) - 10} more" if len(becomes.stopped) > 10 else ""
    return (
        f"These pending orders can no longer be approved: {names}{more}. "
        "Reject them with a reason, or change the settings again."
    )
