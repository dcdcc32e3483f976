"""What the admins' money pages share: the blueprint, filters in the URL, lists with pages and their export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, request

from webapp.core.pagination import Page
from webapp.core.times import zone_info
from webapp.payments.forms_admin import read_day

blueprint = Blueprint("admin_payments", __name__)
LONGEST = 80
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of rows with the ways to its other pages; ``asked`` is what the URL asks for, ``export`` its file."""

    page: Page[Any]
    path: str
    asked: Mapping[str, str]
    export: str = ""

    def url_for_page(self, number: int) -> str:
        """The address of another page of the same list."""
        return f"{self.path}?{urlencode({**self.asked, 'page': number})}"


def read_asked(*names: str) -> dict[str, str]:
    """Return what the URL asks for, without what is empty."""
    found = {name: request.args.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in names}
    return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Span:
    """Instants from ``since`` to before ``until``; ``wrong`` names what in the URL was no day."""

    since: dt.datetime | None
    until: dt.datetime | None
    wrong: dict[str, str]


def read_span(asked: Mapping[str, str], zone: str) -> Span:
    """Read "from" and "to" as whole days of ``zone``, both counted in."""
    wrong: dict[str, str] = {}
    days: dict[str, dt.date | None] = {}
    for name in ("from", "to"):
        days[name] = read_day(asked.get(name, ""))
        if name in asked and days[name] is None:
            wrong[name] = f"“{asked[name]}” is not a day."
    first, last = days["from"], days["to"]
    if first is not None and last is not None and last < first:
        wrong["to"] = "The last day is before the first."
        last = None
    return Span(_midnight(first, zone), _midnight(last + DAY, zone) if last else None, wrong)


def _midnight(day: dt.date | None, zone: str) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), zone_info(zone)) if day else None
