"""The admin's home: what waits first, then how the house stands."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, flash, g, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer, viewer_zone
from webapp.bookings.session_cards import state_of
from webapp.core.access import allow
from webapp.core.csv_export import csv_response
from webapp.core.db import transaction
from webapp.core.errors import DomainError, NotFound
from webapp.core.htmx import is_htmx, render, see_other
from webapp.dashboards.admin import queries
from webapp.dashboards.admin.acts import ACTS
from webapp.dashboards.admin.charts.pages import TABLES, charts
from webapp.dashboards.admin.money import revenue_tile
from webapp.dashboards.admin.waiting import Waiting
from webapp.dashboards.admin.waiting_list import waiting_rows
from webapp.dashboards.words import counted, greeting
from webapp.notifications.models import DeliveryStatus
from webapp.payments.queries import revenue

blueprint = Blueprint("admin", __name__)


@blueprint.get("/admin")
@allow("admin")
def home() -> Response:
    """Show what waits, the figures, what comes next, the charts, and the outbox."""
    return render("dashboards/admin/home.html", **_home(viewer_zone(), g.now))


def _home(zone: str, now: dt.datetime) -> dict[str, Any]:
    days, mails = queries.counsellor_days(zone, now), queries.mail_counts(now)
    rows = waiting_rows(zone, now, days=days, mails=mails)
    return {
        "title": f"{greeting(now, zone)}, {viewer().first_name}",
        "lead": _lead(rows),
        "waiting": rows,
        "revenue": revenue_tile(revenue(now)),
        "figures": queries.figures(zone, now),
        "days": days,
        "free": sum(day.free_at is not None for day in days),
        "coming": [(row, state_of(row, now)) for row in queries.coming_sessions(now)],
        "mails": {status.value: mails.get(status, 0) for status in DeliveryStatus},
        "charts": charts(zone, now),
    }


def _lead(rows: list[Waiting]) -> str:
    urgent = sum(row.urgent for row in rows)
    if not rows:
        return "Nothing waits for you."
    text = f"{counted(len(rows), 'thing waits', 'things wait')} for you"
    return f"{text}, {urgent} within a day." if urgent else f"{text}."


@blueprint.post("/admin/waiting/<name>/<public_id>")
@allow("admin")
def do_here(name: str, public_id: str) -> BaseResponse:
    """Do a row's one action and show what waits now, with a word on what was done or why it was not."""
    act, now = ACTS.get(name), g.now
    if act is None:
        raise NotFound
    try:
        with transaction():
            done = act(viewer(), public_id, now)
    except NotFound:
        raise
    except DomainError as error:
        return _told(error.message, "warn", now, error.http_status)
    return _told(done, "ok", now)


def _told(words: str, tone: str, now: dt.datetime, status: int = 200) -> BaseResponse:
    if is_htmx():
        rows = waiting_rows(viewer_zone(), now)
        return render("dashboards/admin/_waiting.html", status=status, waiting=rows, told=words, told_tone=tone)
    flash(words, tone)
    return see_other(url_for("admin.home"))


@blueprint.get("/admin/charts/<name>.csv")
@allow("admin")
def chart_csv(name: str) -> Response:
    """Answer with the figures of one chart."""
    table = TABLES.get(name)
    if table is None:
        raise NotFound
    header, rows = table(viewer_zone(), g.now)
    return csv_response(f"{name}.csv", header, rows)
