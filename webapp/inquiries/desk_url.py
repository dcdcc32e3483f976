"""Where somebody is at the desk: filter, place in the list, open lead.

It travels in addresses and, as ``back``, in forms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from flask import url_for

from webapp.inquiries.queries import LeadFilter, Part, Sort, read_filter

LEAD_ID = re.compile(r"inquiry_[A-Za-z0-9_-]{1,31}")
LONGEST_BACK, MOST_PAIRS = 1500, 20


@dataclass(frozen=True, slots=True)
class Place:
    """One view of the leads: the table or the board, a filter, which page, which lead is open beside it."""

    filters: LeadFilter
    after: str = ""
    before: str = ""
    opened: str = ""
    board: bool = False

    def asked(self) -> dict[str, str]:
        """Return everything as an address says it, without what is empty."""
        more = {"after": self.after, "before": self.before, "open": self.opened}
        return self.filters.asked() | {name: value for name, value in more.items() if value}

    @property
    def back(self) -> str:
        """The place as a form carries it."""
        return urlencode(self.asked() | ({"view": "board"} if self.board else {}))

    @property
    def path(self) -> str:
        """The page without its filter."""
        return url_for("leads.board" if self.board else "leads.table")

    @property
    def url(self) -> str:
        """The whole address."""
        return self._at(self.asked())

    def _at(self, asked: Mapping[str, str]) -> str:
        return f"{self.path}?{urlencode(asked)}" if asked else self.path

    def opening(self, public_id: str) -> str:
        """The address with a lead open ("" closes it)."""
        return replace(self, opened=public_id).url

    @property
    def opening_stem(self) -> str:
        """The address with a lead open, as far as its public id: a list puts that behind it."""
        return f"{self.path}?{urlencode(replace(self, opened='').asked() | {'open': ''})}"

    def following(self, public_id: str) -> str:
        """The address of the page after a lead."""
        return replace(self, after=public_id, before="", opened="").url

    def preceding(self, public_id: str) -> str:
        """The address of the page before a lead."""
        return replace(self, before=public_id, after="", opened="").url

    def without(self, name: str) -> str:
        """The address with one part of the filter gone, at the first page."""
        return Place(self.filters.without(name), board=self.board).url

    def sorted_by(self, sort: str) -> str:
        """The address in another order, at the first page."""
        return Place(self.filters.sorted_by(Sort(sort)), board=self.board).url

    def everywhere(self) -> str:
        """The address of the same filter over all statuses."""
        return Place(self.filters.at_status(Part.ALL), board=self.board).url

    @property
    def first_page(self) -> str:
        """The address of the same filter at its first page."""
        return Place(self.filters, board=self.board).url

    @property
    def as_table(self) -> str:
        """The address of the same filter as a table."""
        return Place(self.filters).url

    @property
    def as_board(self) -> str:
        """The address of the same filter as a board, which shows every status."""
        return Place(self.filters.at_status(Part.OPEN).sorted_by(Sort.NEWEST), board=True).url


def read_place(args: Mapping[str, str], *, me: str, board: bool = False) -> tuple[Place, dict[str, str]]:
    """Read an address; what means nothing is left out and named, as `read_filter` does."""
    filters, wrong = read_filter(args, me=me)
    ids = {name: value for name in ("after", "before", "open") if LEAD_ID.fullmatch(value := args.get(name, ""))}
    if "after" in ids:
        ids.pop("before", None)
    return Place(filters, ids.get("after", ""), ids.get("before", ""), ids.get("open", ""), board), wrong


def place_from(back: str | None, *, me: str) -> Place:
    """Return the place that a form carried; anything that is none is the plain table. It never leads elsewhere."""
    text = (back or "")[:LONGEST_BACK].replace("\x00", "")
    pairs = dict(parse_qsl(text)) if text.count("&") < MOST_PAIRS else {}
    return read_place(pairs, me=me, board=pairs.get("view") == "board")[0]
