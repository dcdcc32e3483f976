"""A student's home as one piece of a page, kept by each process while nothing on it has changed (core/pieces.py).

It is told as of the whole minute, so that all of a minute is one piece: countdowns, "in 20 min", the Join button.
Whoever reloads, comes back or looks again within half a minute costs no statement of ours.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from flask import current_app
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from webapp.accounts.models import User
from webapp.core.pieces import kept, live_key, rows_key, table_key
from webapp.counsellors.models import Counsellor
from webapp.dashboards.student.cards import credits_of, lead, next_card, past_rows, todos
from webapp.dashboards.student.queries import read_home
from webapp.dashboards.student.rows import Home, HomeUnpaid
from webapp.dashboards.words import greeting
from webapp.notifications.presenters import lines_of
from webapp.notifications.services import inbox_key

PAGE = "dashboards/student/_main.html"


@dataclass(frozen=True, slots=True)
class HomePiece:
    """The home, cut where its forms hold the token of whoever reads it; ``until``: when it must be made anew."""

    parts: tuple[str, ...]
    until: dt.datetime | None


def home_of(student: User, zone: str, now: dt.datetime) -> Markup:
    """Return the home of this student, with the times of ``zone`` and the form token of this request."""
    token = generate_csrf()
    minute = now.replace(second=0, microsecond=0)
    piece = kept(
        "student home",
        (student.id, zone, minute),
        (
            live_key(inbox_key(student.public_id)),  # the newest lines
            rows_key(User, student.id),  # account, sessions, steps, packages, orders, reviews
            table_key(Counsellor),  # names and photos
        ),
        lambda: _make(student, zone, minute, now, token),
        now=now,
        until=lambda made: made.until,
    )
    return Markup(token.join(piece.parts))  # noqa: S704  made by our own template


def _make(student: User, zone: str, minute: dt.datetime, now: dt.datetime, token: str) -> HomePiece:
    """Make the piece. Kept times run by the second, and what is on offer is nobody's row: both are not kept."""
    home = read_home(student, minute)
    unpaid = still_open(home, now)
    things = todos(home, student, minute)
    html = current_app.jinja_env.get_template(PAGE).render(  # without what a page knows of its request
        current_user=student,
        greeting=_greeting(home, student, zone, minute),
        lead=lead(home, things, student, minute),
        home=home,
        next=next_card(home, minute),
        todos=things,
        credits=credits_of(home, zone, minute),
        past=past_rows(home, zone, minute),
        latest=lines_of(home.notes, now=minute, zone=zone),
        verified=student.is_verified,
        unpaid=unpaid,
    )
    return HomePiece(tuple(html.split(token)), now if unpaid or home.is_new else None)


def _greeting(home: Home, student: User, zone: str, now: dt.datetime) -> str:
    if home.is_new:
        return f"Welcome, {student.first_name}"
    return f"{greeting(now, zone)}, {student.first_name}"


def still_open(home: Home, now: dt.datetime) -> list[HomeUnpaid]:
    """The orders that wait at this very second; a kept time that has just run out is kept no more."""
    return [
        one if one.kept_until is None or one.kept_until > now else replace(one, kept_until=None)
        for one in home.unpaid
        if one.expires_at > now
    ]
