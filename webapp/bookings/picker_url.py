"""The picker's address: every step of choosing is a URL, read and written here.

A part that cannot be read is left out and named in ``problems``, so a mistyped or old link still
leads to the picker, with a sentence that says what was wrong.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from webapp.core.times import DEFAULT_ZONE, is_zone, zone_info

_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|\+00:00)")
_YEARS = range(2020, 2100)
_LONGEST = 40
_LONGEST_SLUG = 140
WITH = ("enrolment", "package", "service")  # what one books with, or buys along with a time


@dataclass(frozen=True, slots=True)
class PickerQuery:
    """What a picker's URL asks for. ``month`` is a month's first day, ``at`` an aware UTC instant.

    ``move`` is the session that is given another time.

    ``zone`` is always usable; ``own_zone`` is the viewer's, so that it need not stand in the URL. At most one
    of ``enrolment``, ``package`` (a slug) and ``service`` is followed, the first there is.
    """

    zone: str
    own_zone: str
    enrolment: str = ""
    package: str = ""
    service: str = ""
    month: dt.date | None = None
    date: dt.date | None = None
    at: dt.datetime | None = None
    move: str = ""
    problems: tuple[str, ...] = ()

    @property
    def day(self) -> dt.date | None:
        """The day asked for: the named one, else that of the chosen time in the viewer's zone."""
        if self.date is None and self.at is not None:
            return self.at.astimezone(zone_info(self.zone)).date()
        return self.date


@dataclass(frozen=True, slots=True)
class PickerUrls:
    """Builds the picker's links; the parts that never change are encoded once."""

    path: str
    query: PickerQuery
    _tail: str = field(init=False)

    def __post_init__(self) -> None:
        fixed = {**{name: getattr(self.query, name) for name in WITH}, "move": self.query.move}
        if self.query.zone != self.query.own_zone:
            fixed["zone"] = self.query.zone
        object.__setattr__(self, "_tail", urlencode({name: value for name, value in fixed.items() if value}))

    def month(self, month: dt.date) -> str:
        """The month's grid with its first free day chosen."""
        return self._with(f"month={month:%Y-%m}")

    def day(self, date: dt.date) -> str:
        """One day's times."""
        return self._with(f"date={date.isoformat()}")

    def time(self, at: dt.datetime) -> str:
        """One time, with its confirmation panel open."""
        return self._with(f"at={write_instant(at)}")

    def here(self) -> str:
        """Exactly what was asked for: where a form is posted to and where sign-in leads back to."""
        query = self.query
        if query.at is not None and query.date in (None, replace(query, date=None).day):
            return self.time(query.at)
        if query.date is not None:
            return self.day(query.date)
        return self.month(query.month) if query.month is not None else self._with("")

    def _with(self, part: str) -> str:
        asked = "&".join(piece for piece in (part, self._tail) if piece)
        return f"{self.path}?{asked}" if asked else self.path


def read_query(args: Mapping[str, str], *, own_zone: str) -> PickerQuery:
    """Read a picker's query string; what cannot be read is named in ``problems``."""
    zone, month, date, at = (args.get(name, "").strip() for name in ("zone", "month", "date", "at"))
    query = PickerQuery(
        zone=zone if is_zone(zone) else own_zone,
        own_zone=own_zone,
        enrolment=args.get("enrolment", "").strip()[:_LONGEST],
        package=args.get("package", "").strip()[:_LONGEST_SLUG],
        service=args.get("service", "").strip()[:_LONGEST],
        month=read_month(month),
        date=read_date(date),
        at=read_instant(at),
        move=args.get("move", "").strip()[:_LONGEST],
    )
    problems = {
        f"We do not know the time zone “{zone[:_LONGEST]}”. Times are shown in {zone_place(own_zone)}.": zone
        and not is_zone(zone),
        f"“{month[:_LONGEST]}” is not a month. Here are the first free days.": month and query.month is None,
        f"“{date[:_LONGEST]}” is not a date. Here are the first free days.": date and query.date is None,
        f"“{at[:_LONGEST]}” is not a time. Choose one from the list.": at and query.at is None,
    }
    return replace(query, problems=tuple(words for words, wrong in problems.items() if wrong))


def zone_place(zone: str) -> str:
    """A zone's place as people say it: "India", "New York"."""
    return "India" if zone == DEFAULT_ZONE else zone.rsplit("/", 1)[-1].replace("_", " ")


def read_month(text: str) -> dt.date | None:
    """The first day of "2026-12"; None for anything else."""
    return read_date(f"{text}-01") if _MONTH.fullmatch(text) else None


def read_date(text: str) -> dt.date | None:
    """The date "2026-12-12"; None for anything else, or a year nobody books in."""
    if not _DATE.fullmatch(text):
        return None
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return date if date.year in _YEARS else None


def read_instant(text: str) -> dt.datetime | None:
    """The instant "2026-12-12T05:00Z", in UTC; None for anything else."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant.astimezone(dt.UTC) if instant.year in _YEARS else None


def write_instant(instant: dt.datetime) -> str:
    """An instant as it stands in a URL, to the minute: "2026-12-12T05:00Z" (seconds only where there are any)."""
    utc = instant.astimezone(dt.UTC)
    exact = utc.second or utc.microsecond
    return f"{utc.replace(tzinfo=None).isoformat(timespec='auto' if exact else 'minutes')}Z"
