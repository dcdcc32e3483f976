"""After paying: what was bought and what comes next; the session first, the receipt beside it."""

from __future__ import annotations

import datetime as dt

from flask import g, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer, viewer_zone
from webapp.availability.rules import local_date
from webapp.bookings.models import CounsellingSession
from webapp.bookings.panel import short_name
from webapp.bookings.picker_url import write_instant
from webapp.bookings.rules import SessionStatus
from webapp.core.access import allow
from webapp.core.htmx import render, see_other
from webapp.core.times import format_short_day, zone_info
from webapp.payments.emails import method_words
from webapp.payments.models import Match, Order, OrderStatus, Payment
from webapp.payments.queries import late_offer, order_for, paying_payment, receipt_of
from webapp.payments.services.wanted_time import is_lost
from webapp.payments.views.shop import blueprint, order_page

WEEK = 7  # days
LIVE = (SessionStatus.SCHEDULED, SessionStatus.REQUESTED)


@blueprint.get("/orders/<public_id>/done")
@allow("student")
def done(public_id: str) -> BaseResponse:
    """Show a paid order; one that is not paid yet leads back to its page."""
    order = order_for(viewer(), public_id)
    if order.status is not OrderStatus.PAID or order.enrolment is None:
        return see_other(order_page(order))
    payment, session = paying_payment(order), order.session
    live = session if session is not None and session.status in LIVE else None
    late = is_lost(order) and order.enrolment.sessions_used == 0
    near = late_offer(order, g.now) if late else []
    return render(
        "payments/done.html",
        order=order,
        enrolment=order.enrolment,
        session=live,
        title=_title(order, live, late=late),
        method=method_words(payment.method) if payment else "",
        payment=payment,
        receipt=receipt_of(order),
        late=late,
        near=[(start, _time_url(order, start)) for start in near],
        twice=_paid_twice(order),
        book_url=_book_url(order),
    )


def _title(order: Order, session: CounsellingSession | None, *, late: bool) -> str:
    name = order.user.first_name
    if late:
        return f"Paid, {name}. Choose another time."
    if session is None:
        return f"All set, {name}. {order.title} is yours."
    if session.status is SessionStatus.REQUESTED:
        return f"Paid, {name}. {short_name(session.counsellor.name)} answers next."
    return f"All set, {name}. See you {_day(session.starts_at)}."


def _day(start: dt.datetime) -> str:
    """Return "today", "tomorrow", "on Saturday" for the coming days, "on Sat, 12 Dec" for later ones."""
    zone = viewer_zone()
    ahead = (local_date(start, zone) - local_date(g.now, zone)).days
    if ahead < WEEK:
        return ("today", "tomorrow")[ahead] if ahead < 2 else f"on {start.astimezone(zone_info(zone)):%A}"
    return f"on {format_short_day(start, zone)}"


def _paid_twice(order: Order) -> Payment | None:
    return next((payment for payment in order.payments if payment.match is Match.DUPLICATE), None)


def _time_url(order: Order, start: dt.datetime) -> str:
    who, mine = order.wanted_counsellor, order.enrolment
    return url_for(
        "bookings.pick",
        public_id=who.public_id if who else "",
        enrolment=mine.public_id if mine else None,
        at=write_instant(start),
    )


def _book_url(order: Order) -> str:
    who, mine = order.wanted_counsellor, order.enrolment.public_id if order.enrolment else None
    if who is not None:
        return url_for("bookings.pick", public_id=who.public_id, enrolment=mine)
    return url_for("bookings.choose", enrolment=mine)
