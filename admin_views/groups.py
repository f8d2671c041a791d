"""Numbers > DID Groups, Endpoint Groups, 911 Groups: the lists and their forms.

What a group may be, and what giving it to a client does, is decided in ``groups`` below.
"""

from collections.abc import Sequence
from typing import Any, cast

from flask import abort, flash, g, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField

import groups
import sessions
from admin_views import filters
from admin_views.base import RowsView, to_id
from admin_views.cells import anchor, link
from admin_views.forms import PostForm
from catalog import Invalid
from extensions import db
from models import Client, ClientStatus, Did, DidGroup, E911Group, E911Record, EndpointGroup
from permissions import Permission


class GroupForm(PostForm):
    """What every group is made of."""

    name = StringField("Name", render_kw={"required": True, "maxlength": 120})
    client_id = SelectField("Client", validate_choice=False)
    seen_client_id = HiddenField()

    def offer(self, group: Any) -> None:
        """Fill the menu of clients; whoever has the group now is one of them, if closed too."""
        menu = client_menu()
        owner = group.client if group is not None else None
        if owner is not None and str(owner.id) not in dict(menu):
            menu.append((str(owner.id), owner.name))
        self.client_id.choices = [("", "Nobody"), *menu]

    def client(self, group: Any) -> Client | None:
        """Give the client that was chosen; who chose no other leaves the group where it is now.

        Raises Invalid where somebody gave it or took it back since the form was shown.
        """
        seen, now = self.seen_client_id.data, str(group.client_id or "")
        if self.client_id.data == seen:
            return cast("Client | None", group.client)
        if seen != now and group.id is not None:
            self.seen_client_id.data = now
            owner = group.client.name if group.client else "nobody"
            sentence = (
                f"Somebody changed this meanwhile: {group.name} belongs to {owner} now. "
                "Save again if you still want your choice."
            )
            raise Invalid({"client_id": sentence})
        return find_client(self.client_id.data)

    def details(self) -> dict[str, Any]:
        """Give what is typed beside the name and the client."""
        others = ("name", "client_id", "seen_client_id")
        return {key: value for key, value in self.typed().items() if key not in others}

    def show(self, group: Any) -> None:
        """Fill the form from a group."""
        self.name.data = group.name
        self.client_id.data = self.seen_client_id.data = str(group.client_id or "")


class EndpointGroupForm(GroupForm):
    """An Endpoint Group: also where the calls go, and how the number is written."""

    digits = RadioField("The called number is sent as", choices=list(groups.DIGITS.items()))
    endpoints = TextAreaField(
        "Addresses",
        description="One a line, such as sip.example.com:5060. A second word is the priority "
        "(1 is tried first); the word off switches a line off.",
        render_kw={"rows": 4, "spellcheck": "false"},
    )

    def show(self, group: EndpointGroup) -> None:
        """Fill the form from a group."""
        super().show(group)
        self.digits.data, self.endpoints.data = group.digits, groups.write_endpoints(group)


class E911GroupForm(GroupForm):
    """A 911 Group: also who is told of an emergency call."""

    alert_emails = TextAreaField(
        "Tell of emergency calls",
        description="Up to ten e-mail addresses, one a line. Optional.",
        render_kw={"rows": 3},
    )

    def show(self, group: E911Group) -> None:
        """Fill the form from a group."""
        super().show(group)
        self.alert_emails.data = "\n".join(group.alert_emails)


class GroupRows(RowsView):
    """A list of groups of one kind, with the form that makes and changes one."""

    permission = Permission.NUMBERS_VIEW
    can_export = True
    column_list: tuple[str, ...] = ("name", "client.name", "size")
    column_default_sort = "name"
    column_sortable_list = ("name",)
    column_searchable_list = ("name",)
    column_numeric = ("size",)
    column_auto_select_related = False
    form_class: type[GroupForm] = GroupForm
    one = "group"
    holds: tuple[Any, str] = (Did, "did_group_id")
    """What a group holds, and by which column."""

    def __init__(self, **where: Any) -> None:
        self.column_filters = self.narrowings()
        self.column_formatters = {"name": _link, "client.name": _client, "size": _size}
        self.column_formatters_export = {"size": _size, "digits": _plain, "alert_emails": _plain}
        super().__init__(self.kind, category="Numbers", **where)

    kind: Any = None
    blank: dict[str, Any] = {}
    """What a new group's form begins with."""

    def narrowings(self) -> list[Any]:
        """List what the groups can be narrowed by."""
        belongs = self.kind.client_id.is_not(None)
        yes_no = [("yes", "Somebody"), ("no", "Nobody")]
        return [
            filters.Pick(self.kind.client_id, "Client", client_menu, self._of_client),
            filters.Pick(
                self.kind.id, "Given to", yes_no, lambda v: belongs if v == "yes" else ~belongs
            ),
        ]

    def _of_client(self, value: str) -> Any:
        return self.kind.client_id == int(value)

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        """Offer making a group to whoever may."""
        return sessions.staff() is not None and self.by.can(Permission.NUMBERS_EDIT)

    @property
    def empty_action(self) -> tuple[str, str] | None:  # type: ignore[override]
        """Offer the first step to whoever may take it."""
        return (self.create_label, url_for(".create_view")) if self.can_create else None

    def get_query(self) -> Any:
        """Load the clients' names with the groups."""
        return super().get_query().options(joinedload(self.kind.client))

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """Count what the groups of the page hold with one query."""
        count, rows = super().get_list(*args, **kwargs)
        whole = not kwargs.get("execute", True)
        g.group_sizes = self._sizes(None if whole else [row.id for row in rows])
        return count, rows

    def _sizes(self, ids: Sequence[int] | None) -> dict[int, int]:
        model, name = self.holds
        column = getattr(model, name)
        counts = select(column, func.count(model.id)).where(column.is_not(None))
        if model is E911Record:
            counts = counts.where(E911Record.removed_at.is_(None))
        if ids is not None:
            counts = counts.where(column.in_(ids))
        return dict(db.session.execute(counts.group_by(column)).all())  # type: ignore[arg-type]

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Make a group."""
        return self._form(None)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """Show a group, and change it."""
        return self._form(self.found())

    def _form(self, group: Any) -> Any:
        may_edit = self.by.can(Permission.NUMBERS_EDIT)
        if not may_edit and (request.method == "POST" or group is None):
            abort(403)
        form = self.form_class()
        if request.method == "POST":
            with form.blaming():
                return self._save(group, form)
        else:
            form.show(self.kind(**self.blank) if group is None else group)
        form.offer(group)
        return self.render(
            "admin/groups/form.html",
            form=form,
            group=group,
            size=groups.size(group) if group is not None else 0,
            may_edit=may_edit,
        )

    def _save(self, group: Any, form: GroupForm) -> Any:
        is_new = group is None
        group = self.kind() if is_new else group
        client = form.client(group)
        changed = groups.save(
            group, by=self.by, name=form.name.data, client=client, **form.details()
        )
        db.session.commit()
        words = "is created" if is_new else "is saved" if changed else "was not changed"
        flash(f"{group.name} {words}.", "success")
        return redirect(url_for(".index_view"))

    @expose("/remove/", methods=("POST",))
    def remove_view(self) -> Any:
        """Remove an empty group."""
        if not self.by.can(Permission.NUMBERS_EDIT):
            abort(403)
        group = self.found()
        name = group.name
        try:
            groups.remove(group, by=self.by)
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            flash(str(wrong), "error")
            return redirect(url_for(".edit_view", id=group.id))
        flash(f"{name} is removed.", "success")
        return redirect(url_for(".index_view"))


class DidGroups(GroupRows):
    """The DID Groups: what a client has."""

    kind = DidGroup
    page_heading = "DID Groups"
    page_intro = "Sets of numbers. A group belongs to one client at most; its numbers go with it."
    create_label = "New DID Group"
    empty_heading = "No DID Groups yet"
    empty_sentence = "A client gets one of its own name. Make more to sort numbers."
    column_labels = {"client.name": "Client", "size": "Numbers"}

    def __init__(self) -> None:
        super().__init__(
            name="DID Groups",
            endpoint="did_groups",
            url="/admin/did-groups",
            menu_icon_value="list",
        )


class EndpointGroups(GroupRows):
    """The Endpoint Groups: where calls are delivered."""

    kind, form_class = EndpointGroup, EndpointGroupForm
    holds = (Did, "endpoint_group_id")
    blank = {"digits": "e164"}
    page_heading = "Endpoint Groups"
    page_intro = "Where calls are delivered. One that belongs to nobody can serve many clients."
    create_label = "New Endpoint Group"
    empty_heading = "No Endpoint Groups yet"
    empty_sentence = "Make one for each place that takes calls."
    column_list = ("name", "client.name", "digits", "size")
    column_labels = {"client.name": "Client", "size": "Numbers", "digits": "Digits"}

    def __init__(self) -> None:
        super().__init__(
            name="Endpoint Groups",
            endpoint="endpoint_groups",
            url="/admin/endpoint-groups",
            menu_icon_value="phone",
        )


class E911Groups(GroupRows):
    """The 911 Groups: whose emergency addresses stand together."""

    kind, form_class = E911Group, E911GroupForm
    holds = (E911Record, "e911_group_id")
    blank = {"alert_emails": []}
    page_heading = "911 Groups"
    page_intro = "Sets of 911 addresses, and who is told when one of them calls 911."
    create_label = "New 911 Group"
    empty_heading = "No 911 Groups yet"
    empty_sentence = "A client gets one with its first 911 address. Make more to sort them."
    column_list = ("name", "client.name", "alert_emails", "size")
    column_labels = {"client.name": "Client", "size": "Addresses", "alert_emails": "Told"}

    def __init__(self) -> None:
        super().__init__(
            name="911 Groups",
            endpoint="e911_groups",
            url="/admin/911-groups",
            menu_icon_value="shield",
        )
        self.column_formatters = self.column_formatters | {"alert_emails": _plain}


def client_menu() -> list[tuple[str, str]]:
    """List the clients that are not closed, for a menu."""
    rows = db.session.execute(
        select(Client.id, Client.name)
        .where(Client.status != ClientStatus.CLOSED)
        .order_by(func.lower(Client.name))
    )
    return [(str(key), name) for key, name in rows]


def find_client(typed: str | None) -> Client | None:
    """Find the client that was chosen; raises Invalid for one that the reseller does not have."""
    if not typed:
        return None
    key = to_id(typed)
    client = db.session.get(Client, key) if key is not None else None
    if client is None:
        raise Invalid({"client_id": "Choose a client from the list."})
    return client


def _link(view: Any, context: Any, group: Any, name: str) -> Markup:
    address = url_for(f"{view.endpoint}.edit_view", id=group.id)
    return anchor(address, group.name)


def _client(view: Any, context: Any, group: Any, name: str) -> Any:
    if group.client is None:
        return Markup('<span class="text-secondary">Nobody</span>')
    return link("client.overview", group.client.name, client_id=group.client_id)


def _size(view: Any, context: Any, group: Any, name: str) -> int:
    sizes: dict[int, int] = g.group_sizes
    return sizes.get(group.id, 0)


def _plain(view: Any, context: Any, group: Any, name: str) -> str:
    value = getattr(group, name)
    return ", ".join(value) if isinstance(value, list) else str(value)
