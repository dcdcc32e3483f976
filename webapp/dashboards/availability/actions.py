"""What the editor's buttons do to the draft. Nothing here is saved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from webapp.availability.queries import DayRecord
from webapp.core.errors import ValidationFailed
from webapp.dashboards.availability.forms import MAX_ENTRIES, Composer, Draft, parse_date, parse_month, parse_span
from webapp.dashboards.availability.impact import EVERY, Choice
from webapp.dashboards.availability.special import resulting
from webapp.dashboards.availability.week import KEYS, SHOWN_ROWS, Row, rows_of, with_row, without_row


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to draw again: a part of the page, the id to focus, and what is spoken."""

    part: str
    focus: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What an action may need to know beside the draft."""

    records: list[DayRecord]
    today: dt.date


Action = Callable[[Draft, list[str], Ground], Outcome]


class UnknownAction(ValidationFailed):
    """A button that this page does not have."""

    http_status = 400
    message = "This page does not know that button. Nothing was changed."


def act(text: str, draft: Draft, ground: Ground) -> Outcome:
    """Do what a button's value says, such as "add:mon" or "ex-drop:2026-12-24..2026-12-26".

    Raises:
        UnknownAction: no such button.
    """
    name, *arguments = text.split(":")
    action = _ACTIONS.get(name)
    if action is None:
        raise UnknownAction
    try:
        return action(draft, arguments, ground)
    except (IndexError, ValueError) as error:
        raise UnknownAction from error


def _weekday(arguments: list[str]) -> int:
    return KEYS.index(arguments[0])


def _add(draft: Draft, arguments: list[str], _ground: Ground) -> Outcome:
    place = _weekday(arguments)
    day = draft.days[place]
    if len(day.rows) < SHOWN_ROWS:
        day = draft.days[place] = with_row(day if day.on else replace(day, rows=()))
    number = len(day.rows)
    said = f"{day.name}, window {number} added"
    return Outcome(f"day-{day.key}", f"{day.key}-start-{number - 1}", said)


def _remove(draft: Draft, arguments: list[str], _ground: Ground) -> Outcome:
    place = _weekday(arguments)
    day = draft.days[place]
    rows = without_row(day.rows, int(arguments[1]))
    draft.days[place] = replace(day, rows=rows, on=day.on and bool(rows))
    return Outcome(f"day-{day.key}", f"{day.key}-add", f"{day.name}: window removed")


def _toggle(draft: Draft, arguments: list[str], _ground: Ground) -> Outcome:
    place = _weekday(arguments)
    day = draft.days[place]
    if day.on and not day.rows:
        day = draft.days[place] = with_row(day)
    return Outcome(f"day-{day.key}", f"on-{day.key}", f"{day.name} {'on' if day.on else 'off'}")


def _copy(draft: Draft, arguments: list[str], _ground: Ground) -> Outcome:
    source = draft.days[_weekday(arguments)]
    targets = draft.copies.get(source.key, [])
    for key in targets:
        place = KEYS.index(key)
        draft.days[place] = replace(source, weekday=place)
    draft.copies = {}
    names = ", ".join(draft.days[KEYS.index(key)].name for key in targets)
    said = f"{source.name} copied to {names}." if targets else "Choose the days to copy to."
    return Outcome("week", f"copy-{source.key}", said)


def _month(draft: Draft, arguments: list[str], _ground: Ground) -> Outcome:
    if parse_month(arguments[0]) is None:
        raise ValueError(arguments[0])
    draft.month = arguments[0]
    return Outcome("exceptions", "exm")


def _pick(draft: Draft, arguments: list[str], ground: Ground) -> Outcome:
    """Choose a day; a later one right after makes a range; a day that differs brings its hours and reason."""
    date = parse_date(arguments[0])
    if date is None:
        raise ValueError(arguments[0])
    chosen = draft.composer.chosen
    if chosen and chosen[0] == chosen[1] < date:
        draft.composer.last = date.isoformat()
    else:
        draft.composer = _composer_for(date, draft, ground)
    return Outcome("exceptions", "ex-form")


def _composer_for(date: dt.date, draft: Draft, ground: Ground) -> Composer:
    days = {record.date: record for record in resulting(ground.records, draft.dropped, draft.entries)}
    record = days.get(date)
    iso = date.isoformat()
    if record is None:
        return Composer(first=iso, last=iso)
    rows = rows_of(record.ranges) or (Row("", ""),)
    return Composer(first=iso, last=iso, special=bool(record.ranges), rows=rows, reason=record.reason)


def _more_hours(draft: Draft, _arguments: list[str], _ground: Ground) -> Outcome:
    composer = draft.composer
    composer.special = True
    if len(composer.rows) < SHOWN_ROWS:
        composer.rows = (*composer.rows, Row("", ""))
    return Outcome("exceptions", f"ex-start-{len(composer.rows) - 1}")


def _fewer_hours(draft: Draft, arguments: list[str], _ground: Ground) -> Outcome:
    composer = draft.composer
    composer.rows = without_row(composer.rows, int(arguments[0])) or (Row("", ""),)
    return Outcome("exceptions", "ex-more")


def _put(draft: Draft, _arguments: list[str], ground: Ground) -> Outcome:
    entry = draft.composer.entry(ground.today)
    if entry is None:
        return Outcome("exceptions", "ex-form")
    if len(draft.entries) >= MAX_ENTRIES:
        draft.composer.errors["first"] = f"Save these {MAX_ENTRIES} entries first."
        return Outcome("exceptions", "ex-form")
    draft.entries.append(entry)
    draft.composer = Composer()
    return Outcome("exceptions", "ex-list", "Added. It counts once you save.")


def _clear(draft: Draft, _arguments: list[str], _ground: Ground) -> Outcome:
    draft.composer = Composer()
    return Outcome("exceptions", "exm")


def _drop(draft: Draft, arguments: list[str], _ground: Ground) -> Outcome:
    span = parse_span(arguments[0])
    if span is None:
        raise ValueError(arguments[0])
    if span not in draft.drops:
        draft.drops.append(span)
    return Outcome("exceptions", "ex-list", "Marked for removal. It stays until you save.")


def _keep(draft: Draft, arguments: list[str], _ground: Ground) -> Outcome:
    span = parse_span(arguments[0])
    if span is None:
        raise ValueError(arguments[0])
    # a shown run may be made of several marks: every mark that touches it goes
    draft.drops = [(first, last) for first, last in draft.drops if last < span[0] or first > span[1]]
    return Outcome("exceptions", "ex-list", "Put back.")


def _undo(draft: Draft, arguments: list[str], _ground: Ground) -> Outcome:
    number = int(arguments[0])
    if not 0 <= number < len(draft.entries):
        raise IndexError(number)
    del draft.entries[number]
    return Outcome("exceptions", "ex-list", "Taken out again.")


def _show(draft: Draft, arguments: list[str], _ground: Ground) -> Outcome:
    draft.show = arguments[0]
    return Outcome("preview", f"show-{draft.show}")


def _look(_draft: Draft, _arguments: list[str], _ground: Ground) -> Outcome:
    return Outcome("preview")


def _all(draft: Draft, arguments: list[str], _ground: Ground) -> Outcome:
    choice = Choice(arguments[0])
    draft.choices = {EVERY: choice.value}
    return Outcome("impact", "im-t")


def _explain(_draft: Draft, _arguments: list[str], _ground: Ground) -> Outcome:
    return Outcome("explain", "why")


_ACTIONS: dict[str, Action] = {
    "add": _add,
    "remove": _remove,
    "toggle": _toggle,
    "copy": _copy,
    "month": _month,
    "pick": _pick,
    "ex-more": _more_hours,
    "ex-fewer": _fewer_hours,
    "ex-put": _put,
    "ex-clear": _clear,
    "ex-drop": _drop,
    "ex-keep": _keep,
    "ex-undo": _undo,
    "show": _show,
    "preview": _look,
    "explain": _explain,
    "all": _all,
}
