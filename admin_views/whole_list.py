"""What lets a batch be all the rows that fit a list's search, not only those ticked on one page.

One batch takes the first of them; the page that asks once more says how many are left, and there is
a way to go on with those afterwards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import request, url_for

from columns import to_id
from sign_in_forms import local_path

MOST_AT_ONCE = 500
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Chosen:
    """The ids of a batch, and how many rows fit besides."""

    ids: Sequence[str]
    left: int = 0

    @property
    def is_fitting(self) -> bool:
        """Tell whether it can be one batch."""
        return 0 < len(self.ids) <= MOST_AT_ONCE


class WholeList:
    """A list whose batches can be all rows that fit."""

    model: Any
    get_list: Callable[..., Any]
    _get_list_extra_args: Callable[[], Any]
    _get_column_by_idx: Callable[[Any], Any]

    offers_whole_list = True
    most_at_once = MOST_AT_ONCE
    most_counted = MOST_COUNTED

    stays_in_list = False
    """Whether rows fit as before when a batch is done; the next then begins after its last row."""

    def chosen_of(self, ids: Sequence[str]) -> Chosen:
        """Give what a batch is about: the rows ticked, or those that fit, as the form says."""
        if not request.form.get("whole"):
            return Chosen(ids, _whole_number("left"))
        found = [str(key) for (key,) in self._fitting().limit(MOST_COUNTED + MOST_AT_ONCE)]
        return Chosen(found[:MOST_AT_ONCE], max(0, len(found) - MOST_AT_ONCE))

    def _fitting(self) -> Any:
        """Select the ids of the rows that fit, as the address says it."""
        args = self._get_list_extra_args()
        column = self._get_column_by_idx(args.sort)
        sort = column[0] if column else None
        _, query = self.get_list(
            0, sort, args.sort_desc, args.search, args.filters, execute=False, page_size=0
        )
        ids = query.with_entities(self.model.id)
        if not self.stays_in_list:
            return ids
        return ids.filter(self.model.id > _whole_number("after")).order_by(None).order_by("id")

    @staticmethod
    def way_back() -> str:
        """Give the list as it was narrowed when the batch was asked for."""
        asked = local_path(request.form.get("url"), "/admin/")
        return asked or url_for(".index_view")

    def way_on(self) -> str:
        """Give where the next batch of the same list is asked for."""
        return f"{url_for('.action_view')}?{urlsplit(self.way_back()).query}"


def _whole_number(name: str) -> int:
    """Read a number of the form; what is none is nothing."""
    return to_id(request.form.get(name)) or 0
