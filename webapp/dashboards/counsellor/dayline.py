"""A counsellor's day on a line of quarter hours: sessions, requests, open time, closed time. Pure.

Positions are steps of 15 minutes from the first hour shown, as the classes `.at-N` and `.len-N` want them.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webapp.availability.rules import ExceptionDay, Window, day_ranges, local_to_utc
from webapp.bookings.queries import AgendaRow
from webapp.bookings.rules import SessionStatus
from webapp.core.times import format_minute, zone_info

STEP = dt.timedelta(minutes=15)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
SHORTEST_GAP = dt.timedelta(minutes=30)

Span = tuple[dt.datetime, dt.datetime]


class BlockKind(enum.StrEnum):
    """What a stretch of the day is."""

    DONE = "done"
    AHEAD = "ahead"
    REQUEST = "req"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the line; ``session`` for those that hold one."""

    kind: BlockKind
    at: int
    length: int
    start: dt.datetime
    end: dt.datetime
    hours: str
    session: AgendaRow | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """An hour mark: its step and its words ("10 AM")."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class DayLine:
    """The whole line; ``now_at`` is None when now lies outside of it. No blocks: a day with nothing."""

    ticks: list[Tick]
    blocks: list[Block]
    now_at: int | None


def open_spans(
    windows: Sequence[Window], exceptions: Sequence[ExceptionDay], zone: str, first: dt.datetime, last: dt.datetime
) -> list[Span]:
    """The open hours of a calendar between two instants, as instants, joined where they touch."""
    info = zone_info(zone)
    date, end = first.astimezone(info).date() - DAY, last.astimezone(info).date()
    found: list[Span] = []
    while date <= end:
        for low, high in day_ranges(date, windows, exceptions):
            start, stop = local_to_utc(date, low, zone), local_to_utc(date, high, zone)
            if start is not None and stop is not None and max(start, first) < min(stop, last):
                found.append((max(start, first), min(stop, last)))
        date += DAY
    return joined(found)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, with those that touch or overlap made one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of ``spans`` beside ``taken``."""
    left = list(spans)
    for low, high in taken:
        left = [
            part
            for start, end in left
            for part in ((start, min(end, low)), (max(start, high), end))
            if part[0] < part[1]
        ]
    return sorted(left)


def day_line(sessions: Sequence[AgendaRow], hours: Sequence[Span], *, zone: str, now: dt.datetime) -> DayLine:
    """Lay out one day: its sessions and requests over its open hours."""
    taken = [(row.starts_at, row.ends_at) for row in sessions]
    if not taken and not hours:
        return DayLine([], [], None)
    edges = [*taken, *hours]
    first = _hour_before(min(start for start, _ in edges), zone)
    last = _hour_before(max(end for _, end in edges) + HOUR - dt.timedelta(microseconds=1), zone)
    whole = [(min(start for start, _ in edges), max(end for _, end in edges))]
    blocks = [_session_block(row, first, zone, now) for row in sessions]
    gaps = ((BlockKind.OPEN, without(hours, taken)), (BlockKind.CLOSED, without(without(whole, hours), taken)))
    for kind, spans in gaps:
        blocks += [_block(kind, span, first, zone) for span in spans if span[1] - span[0] >= SHORTEST_GAP]
    ticks = [Tick(4 * n + 1, _hour_words(first + n * HOUR, zone)) for n in range((last - first) // HOUR + 1)]
    inside = first <= now <= last
    return DayLine(ticks, sorted(blocks, key=lambda block: block.start), (now - first) // STEP + 1 if inside else None)


def _session_block(row: AgendaRow, first: dt.datetime, zone: str, now: dt.datetime) -> Block:
    if row.status is SessionStatus.REQUESTED:
        kind = BlockKind.REQUEST
    else:
        kind = BlockKind.DONE if row.ends_at <= now else BlockKind.AHEAD
    return _block(kind, (row.starts_at, row.ends_at), first, zone, row)


def _block(kind: BlockKind, span: Span, first: dt.datetime, zone: str, session: AgendaRow | None = None) -> Block:
    start, end = span
    at = _step(start, first)
    return Block(kind, at, max(1, _step(end, first) - at), start, end, _hours_words(start, end, zone), session)


def _step(instant: dt.datetime, first: dt.datetime) -> int:
    return round((instant - first) / STEP) + 1


def _hour_before(instant: dt.datetime, zone: str) -> dt.datetime:
    """The last full hour of the zone's clock at or before an instant, as an instant."""
    local = instant.astimezone(zone_info(zone))
    return instant - dt.timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def _hours_words(start: dt.datetime, end: dt.datetime, zone: str) -> str:
    """Return "10:00 – 10:45 AM"; the zone stands above the line."""
    first, last = format_minute(start, zone), format_minute(end, zone)
    return f"{first.removesuffix(last[-3:])} – {last}"


def _hour_words(instant: dt.datetime, zone: str) -> str:
    hour = instant.astimezone(zone_info(zone)).hour
    return f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}"
