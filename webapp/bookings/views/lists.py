"""Lists of sessions as their pages show them: rows, tabs, pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from webapp.accounts.viewer import viewer
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import SessionFilter, session_numbers
from webapp.bookings.session_cards import Join, State, asked_of, how, join_of, place_in_package, state_of
from webapp.core.pagination import Page


@dataclass(frozen=True, slots=True)
class Row:
    """One session in a list."""

    session: CounsellingSession
    state: State
    place: str
    how: str
    join: Join | None
    asked: bool


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of the list and its address."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of sessions with the ways to its other parts and pages."""

    rows: list[Row]
    page: Page[CounsellingSession]
    show: str
    tabs: list[Tab]
    path: str
    asked: Mapping[str, str] = field(default_factory=dict)

    def url_for_page(self, number: int) -> str:
        """The address of another page of the same list."""
        return f"{self.path}?{urlencode({**self.asked, 'page': number})}"


def read_filter(value: str | None) -> SessionFilter:
    """The part of the list that a URL asks for; anything else is what comes next."""
    return SessionFilter(value) if value in list(SessionFilter) else SessionFilter.UPCOMING


def list_sessions(
    page: Page[CounsellingSession],
    show: str,
    path: str,
    *,
    now: dt.datetime,
    tabs: tuple[str, ...] = tuple(SessionFilter),
    asked: Mapping[str, str] | None = None,
) -> Listing:
    """Make the list's rows; one statement for all their numbers."""
    numbers, reader = session_numbers(page.items), viewer()
    rows = [
        Row(
            one,
            state_of(one, now),
            place_in_package(one, numbers.get(one.id)),
            how(one),
            join_of(one, reader, now),
            asked_of(one, (), now) is not None,
        )
        for one in page.items
    ]
    return Listing(
        rows=rows,
        page=page,
        show=show,
        tabs=[Tab(name.capitalize(), f"{path}?show={name}", name == show) for name in tabs],
        path=path,
        asked={"show": show} if asked is None else asked,
    )
