"""The admin's home: what waits first, then how the house stands."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer, viewer_zone
from webapp.bookings.session_cards import state_of
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.htmx import render, see_other
from webapp.dashboards.admin import queries, waiting
from webapp.dashboards.admin.money import money_rows, revenue_tile
from webapp.dashboards.admin.services import remind_unverified
from webapp.dashboards.words import counted, greeting
from webapp.notifications.models import DeliveryStatus
from webapp.notifications.services import retry_failed_mail
from webapp.payments.queries import money_waiting, revenue
from webapp.reviews.queries import count_waiting
from webapp.webhooks.queries import endpoints_in_trouble

blueprint = Blueprint("admin", __name__)


@blueprint.get("/admin")
@allow("admin")
def home() -> Response:
    """Show what waits, the figures, what comes next, and the outbox."""
    zone, now = viewer_zone(), g.now
    days, mails = queries.counsellor_days(zone, now), queries.mail_counts(now)
    rows = [
        *waiting.request_rows(queries.requests_running_out(now), zone, now),
        *waiting.link_rows(queries.sessions_without_link(now), zone, now),
        *money_rows(money_waiting(now), now),
        *waiting.review_rows(count_waiting()),
        *waiting.mail_rows(mails.get(DeliveryStatus.FAILED, 0)),
        *waiting.hook_rows(endpoints_in_trouble(now)),
        *waiting.closed_rows(days),
        *waiting.unbooked_rows(queries.bought_but_unbooked(now), now),
        *waiting.verify_rows(queries.unverified_students(now), now),
    ]
    coming = queries.coming_sessions(now)
    return render(
        "dashboards/admin/home.html",
        title=f"{greeting(now, zone)}, {viewer().first_name}",
        lead=_lead(rows),
        waiting=rows,
        revenue=revenue_tile(revenue(now)),
        figures=queries.figures(zone, now),
        days=days,
        free=sum(day.free_at is not None for day in days),
        coming=[(row, state_of(row, now)) for row in coming],
        mails={status.value: mails.get(status, 0) for status in DeliveryStatus},
    )


def _lead(rows: list[waiting.Waiting]) -> str:
    urgent = sum(row.urgent for row in rows)
    if not rows:
        return "Nothing waits for you."
    text = f"{counted(len(rows), 'thing waits', 'things wait')} for you"
    return f"{text}, {urgent} within a day." if urgent else f"{text}."


@blueprint.post("/admin/verification-reminders")
@allow("admin")
def remind_unverified_students() -> BaseResponse:
    """Send the verification link again to all students the home lists."""
    with transaction():
        number = remind_unverified(now=g.now)
    flash(f"The link is on its way to {counted(number, 'student')}." if number else "Nobody was waiting.", "ok")
    return see_other(url_for("admin.home"))


@blueprint.post("/admin/mail/retry")
@allow("admin")
def retry_mail() -> BaseResponse:
    """Put the mails that were given up back into the outbox."""
    with transaction():
        number = retry_failed_mail(now=g.now)
    flash(f"{counted(number, 'mail')} will be tried again." if number else "Nothing was waiting.", "ok")
    return see_other(url_for("admin.home"))
