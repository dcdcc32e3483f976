"""What the editor's form holds, as a draft that loses nothing typed."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from webapp.availability.rules import Ranges
from webapp.availability.services import MAX_REASON, dates, day_problem, range_problem
from webapp.dashboards.availability.reading import Saved
from webapp.dashboards.availability.rules_form import RulesForm
from webapp.dashboards.availability.special import Entry
from webapp.dashboards.availability.week import KEYS, DayDraft, Row, check_rows, days_of, read_rows

TABS = (("hours", "Hours"), ("preview", "Preview"), ("days", "Days"), ("rules", "Rules"))
MAX_ENTRIES = 100
MAX_DROPS = 800
TEXT_LIMIT = 2 * MAX_REASON  # what is written back of a text over its limit
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass
class Composer:
    """The fields that add a day or a range, as typed."""

    first: str = ""
    last: str = ""
    special: bool = False
    rows: tuple[Row, ...] = (Row("", ""),)
    reason: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        """Whether a day has been chosen."""
        return bool(self.first or self.last)

    @property
    def chosen(self) -> tuple[dt.date, dt.date] | None:
        """The chosen days, if they are dates in order."""
        first = parse_date(self.first)
        last = parse_date(self.last) if self.last else first
        return (first, last) if first and last and first <= last else None

    def entry(self, today: dt.date) -> Entry | None:
        """The days as an entry; None, with `errors` by field, where they are not in order."""
        self.errors = {}
        first = parse_date(self.first)
        last = parse_date(self.last) if self.last else first
        if first is None:
            self.errors["first"] = "Choose a date."
        elif last is None:
            self.errors["last"] = "Choose a date, or leave it empty for a single day."
        elif problem := range_problem(first, last):
            self.errors["last"] = problem
        elif problem := day_problem(first, today):
            self.errors["first"] = problem
        elif problem := day_problem(last, today):
            self.errors["last"] = problem
        ranges = self._ranges()
        if len(self.reason) > MAX_REASON:
            self.errors["reason"] = f"At most {MAX_REASON} characters; these are {len(self.reason)}."
        if self.errors or first is None or last is None:
            return None
        return Entry(first, last, ranges, self.reason)

    def _ranges(self) -> Ranges:
        if not self.special:
            return ()
        rows = [row for row in self.rows if row.start or row.end]
        check = check_rows(rows)
        if not rows:
            self.errors["hours"] = "Enter the hours of that day, or choose “Off all day”."
        elif check.errors:
            self.errors["hours"] = " ".join(check.errors)
        return check.ranges


@dataclass
class Draft:
    """Everything the form holds."""

    days: list[DayDraft]
    rules: RulesForm
    entries: list[Entry]
    drops: list[tuple[dt.date, dt.date]]
    composer: Composer
    version: int
    base: str
    month: str = ""
    show: str = ""
    at: str = ""
    tab: str = TABS[0][0]
    rules_were_marked: bool = False
    copies: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)

    @property
    def dropped(self) -> list[dt.date]:
        """The stored days that are to go back to the weekly hours."""
        return [date for first, last in self.drops for date in dates(first, last)]


def draft_of(saved: Saved, rules: RulesForm) -> Draft:
    """The draft that changes nothing."""
    rules.fill(saved.terms)
    return Draft(days_of(saved.windows), rules, [], [], Composer(), saved.version, "")


def read_draft(form: MultiDict[str, str], rules: RulesForm) -> Draft:
    """What was sent, however malformed; `rules` was made from the same form."""
    days = [
        DayDraft(n, f"on-{key}" in form, read_rows(form.getlist(f"{key}-start"), form.getlist(f"{key}-end")))
        for n, key in enumerate(KEYS)
    ]
    version = form.get("version", "")
    return Draft(
        days,
        rules,
        [entry for text in form.getlist("new")[:MAX_ENTRIES] if (entry := parse_entry(text))],
        [span for text in form.getlist("drop")[:MAX_DROPS] if (span := parse_span(text))],
        _read_composer(form),
        int(version) if re.fullmatch(r"[0-9]{1,9}", version) else -1,
        form.get("base", ""),
        month=form.get("month", ""),
        show=form.get("show", ""),
        at=form.get("at", "")[:40],
        tab=form.get("tab", "") if form.get("tab") in dict(TABS) else TABS[0][0],
        rules_were_marked="rules-marked" in form,
        copies={key: [other for other in form.getlist(f"copy-{key}") if other in KEYS] for key in KEYS},
        choices={name[7:]: value for name, value in form.items() if name.startswith("choice-")},
    )


def _read_composer(form: MultiDict[str, str]) -> Composer:
    return Composer(
        first=form.get("ex-first", "").strip()[:20],
        last=form.get("ex-last", "").strip()[:20],
        special=form.get("ex-kind") == "special",
        rows=read_rows(form.getlist("ex-start"), form.getlist("ex-end")) or (Row("", ""),),
        reason=_CONTROL.sub(" ", form.get("ex-reason", "")).strip()[:TEXT_LIMIT],
    )


def parse_date(text: str) -> dt.date | None:
    """A date written as YYYY-MM-DD (1970 … 2200), else None."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return date if 1970 <= date.year <= 2200 else None


def parse_month(text: str) -> dt.date | None:
    """The first day of a month written as YYYY-MM, else None."""
    return parse_date(f"{text}-01")


def parse_moment(text: str) -> tuple[dt.date, int] | None:
    """Date and minute of a local moment written as YYYY-MM-DDTHH:MM, else None."""
    match = re.fullmatch(r"([0-9-]{10})[T ]([0-9]{2}):([0-9]{2})(:[0-9.]+)?", text)
    date = parse_date(match[1]) if match else None
    if match is None or date is None or int(match[2]) > 23 or int(match[3]) > 59:
        return None
    return date, int(match[2]) * 60 + int(match[3])


def parse_span(text: str) -> tuple[dt.date, dt.date] | None:
    """Dates written as FIRST..LAST, in order and no longer than a range may be; else None."""
    first_text, _, last_text = text.partition("..")
    first, last = parse_date(first_text), parse_date(last_text)
    if first is None or last is None or range_problem(first, last):
        return None
    return first, last


def write_entry(entry: Entry) -> str:
    """A new entry as a hidden field carries it: dates, minutes and reason, separated by bars."""
    minutes = ",".join(f"{start}-{end}" for start, end in entry.ranges)
    return f"{entry.first.isoformat()}..{entry.last.isoformat()}|{minutes}|{entry.reason}"


def parse_entry(text: str) -> Entry | None:
    """Read `write_entry` back; None for anything else."""
    span_text, bar, rest = text.partition("|")
    minutes, second_bar, reason = rest.partition("|")
    span = parse_span(span_text)
    ranges = parse_ranges(minutes)
    if not (bar and second_bar) or span is None or ranges is None:
        return None
    return Entry(span[0], span[1], ranges, _CONTROL.sub(" ", reason)[:MAX_REASON])


def parse_ranges(text: str) -> Ranges | None:
    """Minutes written as 600-780,1020-1200; None where they are not sound."""
    if not text:
        return ()
    if not re.fullmatch(r"[0-9]{1,4}-[0-9]{1,4}(,[0-9]{1,4}-[0-9]{1,4}){0,11}", text):
        return None
    pairs = [part.split("-") for part in text.split(",")]
    ranges = tuple((int(start), int(end)) for start, end in pairs)
    return ranges if all(0 <= start < end <= 1440 for start, end in ranges) else None
