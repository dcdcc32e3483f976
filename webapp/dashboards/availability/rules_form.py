"""The rules of a calendar as form fields."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from typing import Any

from wtforms import Field, Form, RadioField, SelectField

from webapp.availability.rules import BookingMode, CalendarRules, validate_rules
from webapp.availability.services import MAX_DEADLINE_HOURS, Terms
from webapp.core.times import zone_choices

OPEN, PAUSED = "open", "paused"
_RULE_FIELDS = {"notice_minutes": "notice_hours"}


def _hours(value: int) -> str:
    if value == 0:
        return "None"
    if value % 24 == 0 and value > 72:
        return f"{value // 24} days"
    return "1 hour" if value == 1 else f"{value} hours"


def _minutes(value: int) -> str:
    return f"{value} min" if value else "None"


def _days(value: int) -> str:
    return "1 day" if value == 1 else f"{value} days"


def _sessions(value: int) -> str:
    return "1 session" if value == 1 else f"{value} sessions"


class RulesForm(Form):
    """The rules as selects. A stored value outside the usual ones is offered as well."""

    session_minutes = SelectField("Session length", validate_choice=False)
    step_minutes = SelectField("Start every", validate_choice=False)
    notice_hours = SelectField("Notice at least", validate_choice=False)
    buffer_before = SelectField("Break before", validate_choice=False)
    buffer_after = SelectField("Break after", validate_choice=False)
    horizon_days = SelectField("Bookable ahead", validate_choice=False)
    max_per_day = SelectField("Most per day", validate_choice=False)
    cancel_deadline_hours = SelectField("Cancel free until", validate_choice=False)
    zone = SelectField("Time zone", validate_choice=False)
    mode = RadioField("When somebody books", validate_choice=False)
    bookings = RadioField("Bookings", validate_choice=False, default=OPEN)

    def offer(self, saved: Terms, now: dt.datetime, house_deadline: int) -> None:
        """Fill the selects' choices, the stored values among them."""
        rules, notice = saved.rules, saved.rules.notice_minutes // 60
        deadline = saved.cancel_deadline_hours
        breaks = (0, 5, 10, 15, 20, 30, 45, 60)
        self.session_minutes.choices = _choices((30, 45, 60, 90), _minutes, rules.session_minutes)
        self.step_minutes.choices = [
            ("", "Session length"),
            *_choices((10, 15, 20, 30, 45, 60, 90), _minutes, rules.step_minutes),
        ]
        self.notice_hours.choices = _choices((0, 1, 2, 3, 6, 12, 24, 36, 48, 72, 120, 168), _hours, notice)
        self.buffer_before.choices = _choices(breaks, _minutes, rules.buffer_before)
        self.buffer_after.choices = _choices(breaks, _minutes, rules.buffer_after)
        self.horizon_days.choices = _choices((7, 14, 30, 60, 90, 120, 180, 365), _days, rules.horizon_days)
        self.max_per_day.choices = [("", "No limit"), *_choices(range(1, 13), _sessions, rules.max_per_day)]
        self.cancel_deadline_hours.choices = [
            ("", f"{house_deadline} h, as usual"),
            *_choices((0, 6, 12, 24, 36, 48, 72), _before, deadline),
        ]
        self.zone.choices = zone_choices(now, rules.zone)
        self.mode.choices = [
            (BookingMode.INSTANT.value, "Confirm at once"),
            (BookingMode.APPROVAL.value, "Ask me first"),
        ]
        self.bookings.choices = [(OPEN, "Open"), (PAUSED, "Paused")]

    def fill(self, saved: Terms) -> None:
        """Show what is stored."""
        rules = saved.rules
        values: dict[str, Any] = {
            "session_minutes": rules.session_minutes,
            "step_minutes": rules.step_minutes,
            "notice_hours": rules.notice_minutes // 60,
            "buffer_before": rules.buffer_before,
            "buffer_after": rules.buffer_after,
            "horizon_days": rules.horizon_days,
            "max_per_day": rules.max_per_day,
            "cancel_deadline_hours": saved.cancel_deadline_hours,
            "zone": rules.zone,
            "mode": rules.mode.value,
            "bookings": OPEN if saved.is_open else PAUSED,
        }
        for name, value in values.items():
            self[name].data = "" if value is None else str(value)

    def terms(self) -> Terms | None:
        """The rules as chosen; None, with the fields marked, where they are not in order."""
        numbers = {name: self._number(name) for name in _NUMBERS}
        if self.mode.data not in [mode.value for mode in BookingMode]:
            _mark(self.mode, "Choose how bookings are confirmed.")
        if self.bookings.data not in (OPEN, PAUSED):
            _mark(self.bookings, "Choose whether bookings are taken.")
        if self.is_marked():
            return None
        rules = CalendarRules(
            zone=self.zone.data or "",
            session_minutes=numbers["session_minutes"] or 0,
            step_minutes=numbers["step_minutes"],
            buffer_before=numbers["buffer_before"] or 0,
            buffer_after=numbers["buffer_after"] or 0,
            notice_minutes=(numbers["notice_hours"] or 0) * 60,
            horizon_days=numbers["horizon_days"] or 0,
            max_per_day=numbers["max_per_day"],
            mode=BookingMode(self.mode.data),
        )
        for name, found in validate_rules(rules).items():
            _mark(self[_RULE_FIELDS.get(name, name)], " ".join(found))
        deadline = numbers["cancel_deadline_hours"]
        if deadline is not None and not 0 <= deadline <= MAX_DEADLINE_HOURS:
            _mark(self.cancel_deadline_hours, f"Choose 0 to {MAX_DEADLINE_HOURS} hours.")
        return None if self.is_marked() else Terms(rules, deadline, self.bookings.data == OPEN)

    def is_marked(self) -> bool:
        """Whether any field is marked."""
        return any(entry.errors for entry in self)

    def _number(self, name: str) -> int | None:
        raw = (self[name].data or "").strip()
        if raw == "" and name in _MAY_BE_EMPTY:
            return None
        if re.fullmatch(r"[0-9]{1,6}", raw):
            return int(raw)
        _mark(self[name], "Choose from the list.")
        return None


_NUMBERS = (
    "session_minutes", "step_minutes", "notice_hours", "buffer_before", "buffer_after", "horizon_days",
    "max_per_day", "cancel_deadline_hours",
)  # fmt: skip
_MAY_BE_EMPTY = frozenset({"step_minutes", "max_per_day", "cancel_deadline_hours"})


def _before(value: int) -> str:
    return f"{value} h before" if value else "The start"


def _mark(entry: Field, message: str) -> None:
    entry.errors = [*entry.errors, message]


def _choices(usual: Iterable[int], say: Callable[[int], str], stored: int | None) -> list[tuple[str, str]]:
    values = sorted({*usual, *([stored] if stored is not None else [])})
    return [(str(value), say(value)) for value in values]
