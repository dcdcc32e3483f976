"""What a row of "waiting for you" does at a press: one service call each, and the words for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from webapp.accounts.models import User
from webapp.bookings.services.chasing import chase_counsellor, make_room, remind_to_book
from webapp.dashboards.admin.services import remind_unverified
from webapp.dashboards.words import counted
from webapp.inquiries.models import CallOutcome
from webapp.inquiries.services import log_call, set_follow_up
from webapp.notifications.services import retry_failed_mail
from webapp.reviews.services import publish_review
from webapp.webhooks.services import replay_failed

Act = Callable[[User, str, dt.datetime], str]


def _chase(actor: User, public_id: str, now: dt.datetime) -> str:
    session = chase_counsellor(actor=actor, session_id=public_id, now=now)
    return f"{session.counsellor.name} is asked again."


def _room(actor: User, public_id: str, now: dt.datetime) -> str:
    session = make_room(actor=actor, session_id=public_id, now=now)
    return f"{session.student.name} and {session.counsellor.name} have a room, and know it."


def _book(actor: User, public_id: str, now: dt.datetime) -> str:
    enrolment = remind_to_book(actor=actor, enrolment_id=public_id, now=now)
    return f"A mail with the way to book is on its way to {enrolment.user.name}."


def _review(actor: User, public_id: str, now: dt.datetime) -> str:
    review = publish_review(actor=actor, review_id=public_id, now=now)
    return f"The review of {review.counsellor.name} is public."


def _call(actor: User, public_id: str, now: dt.datetime) -> str:
    """A call that reached somebody: in the timeline, and the day it was put off to is done with."""
    event = log_call(actor=actor, inquiry_id=public_id, outcome=CallOutcome.REACHED, text="", now=now)
    set_follow_up(actor=actor, inquiry_id=public_id, on=None, version=None, now=now)
    return f"The call with {event.inquiry.name} is in the timeline."


def _replay(actor: User, public_id: str, now: dt.datetime) -> str:
    number = replay_failed(actor=actor, endpoint_id=public_id, now=now)
    return f"{counted(number, 'delivery', 'deliveries')} will be sent again."


def _mail(_actor: User, _public_id: str, now: dt.datetime) -> str:
    number = retry_failed_mail(now=now)
    return f"{counted(number, 'mail')} will be tried again." if number else "Nothing was waiting."


def _verify(_actor: User, _public_id: str, now: dt.datetime) -> str:
    number = remind_unverified(now=now)
    return f"The link is on its way to {counted(number, 'student')}." if number else "Nobody was waiting."


ACTS: dict[str, Act] = {
    "chase": _chase,
    "room": _room,
    "book": _book,
    "review": _review,
    "call": _call,
    "replay": _replay,
    "mail": _mail,
    "verify": _verify,
}
