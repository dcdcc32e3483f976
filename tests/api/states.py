"""What must have happened before an example works; and the words in it that are made anew each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Flask

from tests.api.world import HOUR, World, pay_at_gateway
from tests.factories import NOW
from webapp.accounts import codes, second_step
from webapp.accounts.bearer import issue_tokens
from webapp.accounts.models import Login
from webapp.accounts.tokens import Purpose, Ticket, credentials_stamp, email_stamp, make_token
from webapp.bookings.rules.states import SessionStatus
from webapp.core.db import db, transaction
from webapp.core.jsonapi import examples
from webapp.counsellors.models import Counsellor
from webapp.reviews.models import Review

Prepare = Callable[[Flask, World], dict[str, str] | None]


def _requested(_app: Flask, world: World) -> None:
    session = world.session
    session.status, session.expires_at, session.confirmed_at = SessionStatus.REQUESTED, NOW + HOUR, None


def _begun(_app: Flask, world: World) -> None:
    session = world.session
    session.starts_at, session.ends_at = NOW - HOUR / 2, NOW


def _completed(app: Flask, world: World) -> None:
    _begun(app, world)
    world.session.status, world.session.finished_at = SessionStatus.COMPLETED, NOW


def _cancelled(_app: Flask, world: World) -> None:
    world.session.status, world.session.confirmed_at = SessionStatus.CANCELLED, None


def _unpublished(_app: Flask, world: World) -> None:
    review = db.session.query(Review).filter_by(public_id=examples.REVIEW).one()
    review.published_at = None


def _closed_counsellor(_app: Flask, world: World) -> None:
    db.session.query(Counsellor).filter_by(id=world.counsellor.id).update({"is_active": False})


def _paid(app: Flask, _world: World) -> None:
    pay_at_gateway(app)


def _refresh(_app: Flask, world: World) -> dict[str, str]:
    login = db.session.query(Login).filter_by(public_id=examples.LOGIN).one()
    return {examples.REFRESH_TOKEN: issue_tokens(login, world.student, now=NOW).refresh_token}


def _link(purpose: Purpose, word: str) -> Prepare:
    def prepare(_app: Flask, world: World) -> dict[str, str]:
        student = world.student
        if purpose is Purpose.VERIFY:
            student.email_verified_at = None
        stamp = credentials_stamp(student) if purpose is Purpose.RESET else email_stamp(student)
        return {word: make_token(purpose, Ticket(student.public_id, stamp, NOW))}

    return prepare


def _begun_two_steps(_app: Flask, world: World) -> dict[str, str]:
    secret = second_step.begin(actor=world.student, now=NOW).secret
    return {"123456": codes.code_of_step(secret, codes.step_at(NOW))}


def _two_steps(app: Flask, world: World) -> dict[str, str]:
    found = _begun_two_steps(app, world)
    second_step.confirm(actor=world.student, code=found["123456"], now=NOW)
    return found


def _challenged(app: Flask, world: World) -> dict[str, str]:
    found = _two_steps(app, world)
    return {**found, examples.CHALLENGE: second_step.start_challenge(world.student, now=NOW)}


STATES: dict[str, Prepare] = {
    "accept_counselling_session": _requested,
    "decline_counselling_session": _requested,
    "finish_counselling_session": _begun,
    "set_session_recording": _completed,
    "create_review": _completed,
    "delete_counsellor": _cancelled,
    "publish_review": _unpublished,
    "reactivate_counsellor_profile": _closed_counsellor,
    "verify_payment": _paid,
    "create_enrollment": _paid,
    "refresh": _refresh,
    "reset_password": _link(Purpose.RESET, examples.RESET_TOKEN),
    "verify_email": _link(Purpose.VERIFY, examples.VERIFY_TOKEN),
    "confirm_two_factor": _begun_two_steps,
    "turn_off_two_factor": _two_steps,
    "login_with_code": _challenged,
}
# Whose hand an example shows, where it is not the first role that may.
ACTORS: dict[str, str] = {}


def prepare(name: str, app: Flask, world: World, body: Any) -> Any:
    """Bring the world into the state an example needs; return its body with the words of this moment."""
    with transaction():
        words = STATES[name](app, world) if name in STATES else None
    text = json.dumps(body)
    for word, real in (words or {}).items():
        text = text.replace(word, real)
    return json.loads(text)


__all__ = ["ACTORS", "STATES", "prepare"]
