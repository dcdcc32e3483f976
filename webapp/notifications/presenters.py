"""What the inbox and the preferences say. Pure: rows come loaded, time is passed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from webapp.core.times import format_clock, format_when, zone_info
from webapp.notifications.kinds import GROUP_LABELS, Group, Kind, Way, kinds_for
from webapp.notifications.models import Notification

WAY_LABELS = {Way.INBOX: "Inbox", Way.MAIL: "Mail", Way.WHATSAPP: "WhatsApp"}
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Note:
    """What a line is made of, where not the whole row was read."""

    public_id: str
    title: str
    body: str
    created_at: dt.datetime
    read_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a page shows it. ``ago`` is short, ``at`` the whole moment with its zone."""

    key: str
    title: str
    body: str
    unread: bool
    ago: str
    at: str
    iso: str


def lines_of(notes: Iterable[Notification | Note], *, now: dt.datetime, zone: str) -> list[Line]:
    """Return notifications as lines."""
    return [
        Line(
            key=note.public_id,
            title=note.title,
            body=note.body,
            unread=note.read_at is None,
            ago=ago(note.created_at, now, zone),
            at=format_when(note.created_at, zone),
            iso=note.created_at.isoformat(),
        )
        for note in notes
    ]


def ago(at: dt.datetime, now: dt.datetime, zone: str) -> str:
    """Return when something was, short: "8 min ago", "10:30 AM IST", "Yesterday", "28 Nov", "28 Nov 2025"."""
    if now - at < MINUTE:
        return "Just now"
    if now - at < HOUR:
        return f"{(now - at) // MINUTE} min ago"
    local, today = at.astimezone(zone_info(zone)), now.astimezone(zone_info(zone)).date()
    if local.date() == today:
        return format_clock(at, zone)
    if local.date() == today - dt.timedelta(days=1):
        return "Yesterday"
    return f"{local.day} {local:%b}" + ("" if local.year == today.year else f" {local.year}")


def safe_path(url: str) -> str | None:
    """Return a path on this site, None for anything else."""
    inside = url.startswith("/") and not url.startswith(("//", "/\\"))
    return url if inside else None


@dataclass(frozen=True, slots=True)
class Box:
    """One choice. ``fixed``: shown as always on; ``absent``: it never goes there; neither has a thing to tick."""

    value: str
    name: str
    on: bool
    fixed: bool
    absent: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One kind with a box for every channel."""

    label: str
    boxes: Sequence[Box]


@dataclass(frozen=True, slots=True)
class Section:
    """The kinds of one group. ``always`` are the transactional ones, in words."""

    key: str
    label: str
    always: Sequence[str]
    rows: Sequence[Row]


def sections_for(role: str, said: Mapping[tuple[str, str], bool], ways: Sequence[Way]) -> list[Section]:
    """Return the preferences of an account of this role, group by group."""
    kinds = kinds_for(role)
    found = []
    for group in Group:
        mine = [kind for kind in kinds if kind.group is group]
        free = [kind for kind in mine if any(way in kind.ways and not kind.is_fixed(way) for way in ways)]
        always = [kind.label for kind in mine if kind not in free]
        if mine:
            found.append(Section(group.value, GROUP_LABELS[group], always, [_row(kind, said, ways) for kind in free]))
    return found


def _row(kind: Kind, said: Mapping[tuple[str, str], bool], ways: Sequence[Way]) -> Row:
    boxes = [
        Box(
            value=f"{kind.name}:{way.value}",
            name=f"{kind.label}: {WAY_LABELS[way]}",
            on=kind.is_fixed(way) or said.get((kind.name, way.value), way in kind.defaults),
            fixed=kind.is_fixed(way),
            absent=way not in kind.ways,
        )
        for way in ways
    ]
    return Row(kind.label, boxes)
