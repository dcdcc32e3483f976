"""What a draft changes, what somebody else changed meanwhile, and how the two go together."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from webapp.availability.queries import DayRecord
from webapp.availability.rules import WEEKDAYS, Ranges, Window
from webapp.availability.services import AvailabilityChange, Terms, dates
from webapp.dashboards.availability.forms import Draft, parse_ranges, parse_span
from webapp.dashboards.availability.reading import Saved
from webapp.dashboards.availability.rules_form import RulesForm
from webapp.dashboards.availability.special import Run, RunState, join_runs, resulting, say_days, say_hours
from webapp.dashboards.availability.week import Row, days_of, rows_of, windows_of

BASE_LIMIT = 60_000


@dataclass(frozen=True, slots=True)
class Base:
    """A calendar as it stood when the page was opened, carried along in the form."""

    days: list[Ranges]
    rules: dict[str, str]
    records: dict[dt.date, DayRecord] = field(default_factory=dict)


def base_of(saved: Saved, rules: RulesForm) -> Base:
    """The stored calendar as a base; ``rules`` is a fresh form with its choices."""
    return Base(
        [_pairs(day, saved.windows) for day in range(7)],
        _stored_values(saved.terms, rules),
        {record.date: record for record in saved.records},
    )


def _pairs(weekday: int, windows: Iterable[Window]) -> Ranges:
    return tuple(sorted((w.start_minute, w.end_minute) for w in windows if w.weekday == weekday))


def _stored_values(terms: Terms, rules: RulesForm) -> dict[str, str]:
    rules.fill(terms)
    return {entry.name: str(entry.data) for entry in rules}


def write_base(base: Base) -> str:
    """The base as a hidden field carries it."""
    cells = [Run(r.date, r.date, r.ranges, r.reason, RunState.SAVED) for r in base.records.values()]
    spans = [[run.span, _minutes(run.ranges), run.reason] for run in join_runs(cells)]
    return json.dumps([[_minutes(day) for day in base.days], base.rules, spans], separators=(",", ":"))


def _minutes(ranges: Ranges) -> str:
    return ",".join(f"{start}-{end}" for start, end in ranges)


def read_base(text: str) -> Base | None:
    """Read `write_base` back; None for anything else."""
    if len(text) > BASE_LIMIT:
        return None
    try:
        days, rules, spans = json.loads(text)
        ranges = [_sound(day) for day in days]
        values = {str(name): str(value) for name, value in rules.items()}
        records = {record.date: record for span in spans for record in _records(*span)}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return Base(ranges, values, records) if len(ranges) == 7 else None


def _sound(text: str) -> Ranges:
    ranges = parse_ranges(text)
    if ranges is None:
        raise ValueError(text)
    return ranges


def _records(span_text: str, minutes: str, reason: str) -> list[DayRecord]:
    span = parse_span(span_text)
    if span is None:
        raise ValueError(span_text)
    return [DayRecord(date, _sound(minutes), str(reason)) for date in dates(*span)]


# ── what the draft changes ─────────────────────────────────────────────────────────────────────


def change_of(draft: Draft, saved: Saved, terms: Terms) -> AvailabilityChange:
    """The draft as the service takes it; call it only when the draft is in order."""
    stored = {record.date: record for record in saved.records}
    wanted = {record.date: record for record in resulting(saved.records, draft.dropped, draft.entries)}
    return AvailabilityChange(
        windows=windows_of(draft.days),
        terms=terms,
        put=[record for date, record in wanted.items() if stored.get(date) != record],
        drop=[date for date in stored if date not in wanted],
    )


def changed_names(draft: Draft, saved: Saved, stored: Base) -> list[str]:
    """The changed parts by name, in the page's order: "Thursday", "Sat, 19 Dec", "Start every"."""
    before = days_of(saved.windows)
    names = [
        day.name
        for day, old in zip(draft.days, before, strict=True)
        if day.on != old.on or (day.on and _typed(day.rows) != _typed(old.rows))
    ]
    wanted = resulting(saved.records, draft.dropped, draft.entries)
    names += _day_names(stored.records, {record.date: record for record in wanted})
    names += [entry.label.text for entry in draft.rules if str(entry.data or "") != stored.rules.get(entry.name)]
    return names


def _typed(rows: Iterable[Row]) -> list[tuple[str, str]]:
    return sorted((row.start, row.end) for row in rows)


def _day_names(old: dict[dt.date, DayRecord], new: dict[dt.date, DayRecord]) -> list[str]:
    cells = [
        Run(date, date, (), "", RunState.NEW)
        for date in sorted(old.keys() | new.keys())
        if old.get(date) != new.get(date)
    ]
    return [run.title for run in join_runs(cells)]


# ── what somebody else changed ─────────────────────────────────────────────────────────────────


def describe(base: Base, stored: Base, rules: RulesForm) -> list[str]:
    """What is stored now and was not when the page was opened, a sentence each."""
    told = [
        f"{WEEKDAYS[day]}: {say_hours(old)} is now {say_hours(new)}."
        for day, (old, new) in enumerate(zip(base.days, stored.days, strict=True))
        if old != new
    ]
    changed = sorted(
        date for date in base.records.keys() | stored.records.keys()
        if base.records.get(date) != stored.records.get(date)
    )  # fmt: skip
    cells = [_now(date, stored.records.get(date)) for date in changed]
    told += [f"{say_days(run.first, run.last)}: {run.reason}." for run in join_runs(cells)]
    told += [
        f"{entry.label.text}: {_word(entry, base.rules.get(entry.name, ''))} is now "
        f"{_word(entry, stored.rules[entry.name])}."
        for entry in rules
        if base.rules.get(entry.name) != stored.rules[entry.name]
    ]
    return told


def _now(date: dt.date, record: DayRecord | None) -> Run:
    """A changed day as a run whose reason is its words."""
    if record is None:
        words = "the weekly hours again"
    else:
        words = f"now {say_hours(record.ranges)}" if record.ranges else "now off"
    return Run(date, date, (), words, RunState.SAVED)


def _word(entry: object, value: str) -> str:
    choices = dict(getattr(entry, "choices", None) or [])
    return str(choices.get(value, value or "none"))


def merge(draft: Draft, base: Base, saved: Saved, stored: Base) -> None:
    """Take what is stored now for every part this draft left alone; what was changed here stays."""
    theirs = days_of(saved.windows)
    for place, day in enumerate(draft.days):
        opened = rows_of(base.days[place])
        if day.on == bool(opened) and (not day.on or _typed(day.rows) == _typed(opened)):
            draft.days[place] = theirs[place]
    for entry in draft.rules:
        if str(entry.data or "") == base.rules.get(entry.name):
            entry.data = stored.rules[entry.name]
