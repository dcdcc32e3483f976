"""One formatter for pages, mail, calendar files and the API; it always names the zone."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

DEFAULT_ZONE = "Asia/Kolkata"
COMMON_ZONES = (
    "Asia/Kolkata",
    "Asia/Dubai",
    "Asia/Singapore",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Qatar",
    "Asia/Riyadh",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "Australia/Sydney",
)


@lru_cache(maxsize=1)
def all_zones() -> frozenset[str]:
    """Every IANA zone name this machine knows."""
    return frozenset(available_timezones())


@lru_cache(maxsize=256)
def zone_info(name: str) -> ZoneInfo:
    """Return the zone called ``name``; an unknown one is India's."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(DEFAULT_ZONE)


def is_zone(name: str | None) -> bool:
    """Tell whether ``name`` is an IANA zone."""
    return bool(name) and name in all_zones()


def midnight(date: dt.date, zone: str) -> dt.datetime:
    """Return the instant (UTC) at which a date begins in a zone."""
    return dt.datetime.combine(date, dt.time(), zone_info(zone)).astimezone(dt.UTC)


def zone_label(instant: dt.datetime, zone: str) -> str:
    """Return the short name of a zone at an instant: "IST", or "UTC+4" where none is in use."""
    local = instant.astimezone(zone_info(zone))
    name = local.tzname() or ""
    return name if name.isalpha() else utc_label(local)


def utc_label(local: dt.datetime) -> str:
    """Return the offset of a local time as "UTC+5:30"."""
    minutes = int((local.utcoffset() or dt.timedelta()).total_seconds() // 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    hours, rest = divmod(minutes, 60)
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


def zone_choices(now: dt.datetime, current: str = DEFAULT_ZONE) -> list[tuple[str, str]]:
    """Return (name, "Kolkata, IST (UTC+5:30)") pairs for a select: the common ones and ``current``."""
    names = [*COMMON_ZONES, *([current] if current not in COMMON_ZONES and is_zone(current) else [])]
    return [(name, zone_title(now, name)) for name in names]


def zone_title(now: dt.datetime, zone: str) -> str:
    """Return a zone as a person reads it: "India, IST (UTC+5:30)"."""
    place = "India" if zone == DEFAULT_ZONE else zone.rsplit("/", 1)[-1].replace("_", " ")
    offset = utc_label(now.astimezone(zone_info(zone)))
    label = zone_label(now, zone)
    return f"{place}, {offset}" if label == offset else f"{place}, {label} ({offset})"


def format_date(value: dt.date) -> str:
    """Return "Sat, 12 Dec 2026"."""
    return f"{value:%a}, {value.day} {value:%b %Y}"


def format_day(instant: dt.datetime | dt.date, zone: str = DEFAULT_ZONE) -> str:
    """Return the local day of an instant: "Sat, 12 Dec 2026"."""
    if isinstance(instant, dt.datetime):
        instant = instant.astimezone(zone_info(zone)).date()
    return format_date(instant)


def format_short_day(instant: dt.datetime, zone: str = DEFAULT_ZONE) -> str:
    """Return "Sat, 12 Dec" (the year is clear from the page)."""
    local = instant.astimezone(zone_info(zone))
    return f"{local:%a}, {local.day} {local:%b}"


def format_minute(instant: dt.datetime, zone: str = DEFAULT_ZONE) -> str:
    """Return "10:30 AM" without the zone: only where the zone stands beside it."""
    local = instant.astimezone(zone_info(zone))
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'AM' if local.hour < 12 else 'PM'}"


def format_clock(instant: dt.datetime, zone: str = DEFAULT_ZONE) -> str:
    """Return "10:30 AM IST"."""
    return f"{format_minute(instant, zone)} {zone_label(instant, zone)}"


def format_when(instant: dt.datetime, zone: str = DEFAULT_ZONE) -> str:
    """Return "Sat, 12 Dec 2026, 10:30 AM IST"."""
    return f"{format_day(instant, zone)}, {format_clock(instant, zone)}"


def format_span(start: dt.datetime, end: dt.datetime, zone: str = DEFAULT_ZONE) -> str:
    """Return "10:30 – 11:15 AM IST" (or "11:45 AM – 12:30 PM IST" across noon)."""
    first, last = format_minute(start, zone), format_minute(end, zone)
    if first[-2:] == last[-2:]:
        first = first[:-3]
    return f"{first} – {last} {zone_label(start, zone)}"


def iso_z(instant: dt.datetime) -> str:
    """Return ISO-8601 UTC with milliseconds and Z, as the API and data attributes use it."""
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"
