"""Words the homes greet and count with."""

from __future__ import annotations

import datetime as dt

from webapp.core.times import format_clock, format_short_day, zone_info

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def greeting(now: dt.datetime, zone: str) -> str:
    """Return "Good morning", "Good afternoon" (from noon) or "Good evening" (from 5 PM) by the local hour."""
    hour = now.astimezone(zone_info(zone)).hour
    return "Good morning" if 4 <= hour < 12 else "Good afternoon" if 12 <= hour < 17 else "Good evening"


def in_words(number: int) -> str:
    """Return a number as a word up to ten, in digits beyond."""
    return _SMALL[number] if 0 <= number < len(_SMALL) else str(number)


def counted(number: int, one: str, many: str = "") -> str:
    """Return "1 session" or "3 sessions"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def days_ahead(instant: dt.datetime, now: dt.datetime, zone: str) -> int:
    """Return how many midnights of ``zone`` lie between now and an instant."""
    info = zone_info(zone)
    return (instant.astimezone(info).date() - now.astimezone(info).date()).days


def when_soon(instant: dt.datetime, now: dt.datetime, zone: str) -> str:
    """Return an instant as one says it: "today at 4:30 PM IST", "tomorrow at …", "in three days", else the day."""
    days = days_ahead(instant, now, zone)
    if days <= 1:
        return f"{'tomorrow' if days == 1 else 'today'} at {format_clock(instant, zone)}"
    return f"in {in_words(days)} days" if days < 7 else f"on {format_short_day(instant, zone)}"


def time_since(then: dt.datetime, now: dt.datetime) -> str:
    """Return how long ago something was: "12 min", "3 h", "2 days"."""
    seconds = max(0, int((now - then).total_seconds()))
    if seconds < 3600:
        return f"{max(1, seconds // 60)} min"
    if seconds < 2 * 86400:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"


def hours_words(minutes: int) -> str:
    """Return a number of minutes as one says it: "45 min", "3 h", "1 h 30 min"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
