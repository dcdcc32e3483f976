"""What a list of leads is narrowed to, as its address says it. Nothing here asks the database.

Days are days of India, where the desk is: a link means the same leads to everybody who opens it.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import urlencode

from webapp.inquiries.models import Exam, InquiryStatus

LONGEST_TEXT = 80
YEARS = range(2000, 2101)  # a year outside is a slip of the finger
NOBODY = "none"
ME = "me"
Word = TypeVar("Word", bound=enum.StrEnum)
USER_ID = re.compile(r"user_[A-Za-z0-9_-]{1,34}")


class Part(enum.StrEnum):
    """Which statuses: the open ones unless said otherwise."""

    OPEN = "open"
    NEW = InquiryStatus.NEW.value
    CONTACTED = InquiryStatus.CONTACTED.value
    CONVERTED = InquiryStatus.CONVERTED.value
    CLOSED = InquiryStatus.CLOSED.value
    ALL = "all"


class Late(enum.StrEnum):
    """What somebody should have done already: called again, answered at all, or either."""

    FOLLOW_UP = "follow-up"
    ANSWER = "answer"
    ANY = "1"


class Sort(enum.StrEnum):
    """Orders that a page can walk through without counting: by when it was asked, by the follow-up's day."""

    NEWEST = "newest"
    OLDEST = "oldest"
    FOLLOW_UP = "follow-up"
    FOLLOW_UP_LAST = "-follow-up"


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """An empty part narrows nothing.

    ``assignee`` is a user's public id or "none"; ``since`` and ``until`` are the first and the last day of asking,
    both counted in.
    """

    q: str = ""
    status: Part = Part.OPEN
    exam: Exam | None = None
    assignee: str = ""
    source: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    late: Late | None = None
    sort: Sort = Sort.NEWEST

    def asked(self) -> dict[str, str]:
        """Return the filter as an address says it, in one order, without what is as it always is."""
        every = {
            "q": self.q,
            "status": "" if self.status is Part.OPEN else self.status.value,
            "exam": self.exam.value if self.exam else "",
            "assignee": self.assignee,
            "source": self.source,
            "from": self.since.isoformat() if self.since else "",
            "to": self.until.isoformat() if self.until else "",
            "overdue": self.late.value if self.late else "",
            "sort": "" if self.sort is Sort.NEWEST else self.sort.value,
        }
        return {name: value for name, value in every.items() if value}

    @property
    def query(self) -> str:
        """The canonical query string, without "?": two filters that mean the same have the same."""
        return urlencode(self.asked())

    @property
    def narrows(self) -> bool:
        """Whether anything but the order differs from the page as it opens."""
        return bool(set(self.asked()) - {"sort"})

    def without(self, name: str) -> LeadFilter:
        """Return the filter with one part of its address gone."""
        return read_filter({key: value for key, value in self.asked().items() if key != name})[0]

    def at_status(self, status: Part) -> LeadFilter:
        """Return the same filter over other statuses."""
        return replace(self, status=status)

    def sorted_by(self, sort: Sort) -> LeadFilter:
        """Return the same filter in another order."""
        return replace(self, sort=sort)


def read_filter(args: Mapping[str, str], *, me: str = "") -> tuple[LeadFilter, dict[str, str]]:
    """Read an address. What means nothing is left out and named: parameter → sentence.

    ``me`` is the public id of who looks: "assignee=me" means that person.
    """
    wrong: dict[str, str] = {}
    text = {name: args.get(name, "").replace("\x00", "").strip()[:LONGEST_TEXT] for name in _NAMES}
    since, until = _day(text, "from", wrong), _day(text, "to", wrong)
    if since and until and until < since:
        wrong["to"] = "The last day is before the first, so only the first counts."
        until = None
    found = LeadFilter(
        q=" ".join(text["q"].split()),
        status=_one_of(Part, text, "status", wrong, "a status") or Part.OPEN,
        exam=_one_of(Exam, text, "exam", wrong, "an exam"),
        assignee=_assignee(text["assignee"], me, wrong),
        source=text["source"][:60],
        since=since,
        until=until,
        late=_one_of(Late, text, "overdue", wrong, "something that can be overdue"),
        sort=_one_of(Sort, text, "sort", wrong, "an order") or Sort.NEWEST,
    )
    return found, wrong


_NAMES = ("q", "status", "exam", "assignee", "source", "from", "to", "overdue", "sort")


def _one_of(kind: type[Word], text: Mapping[str, str], name: str, wrong: dict[str, str], what: str) -> Word | None:
    value = text[name]
    if not value:
        return None
    try:
        return kind(value)
    except ValueError:
        wrong[name] = f"“{value}” is not {what}."
        return None


def _assignee(value: str, me: str, wrong: dict[str, str]) -> str:
    if value == ME and me:
        return me
    if not value or value == NOBODY or USER_ID.fullmatch(value):
        return value
    wrong["assignee"] = f"“{value}” is nobody of the desk."
    return ""


def _day(text: Mapping[str, str], name: str, wrong: dict[str, str]) -> dt.date | None:
    value = text[name]
    if not value:
        return None
    try:
        day = dt.date.fromisoformat(value) if len(value) == 10 else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        wrong[name] = f"“{value}” is not a day."
        return None
    return day
