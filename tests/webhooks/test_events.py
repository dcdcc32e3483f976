"""What leaves the house when: each event once, with ids only, in the transaction of what happened."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import select

from tests.bookings.world import (
    SATURDAY_10,
    World,
    accept,
    book,
    cancel,
    complete,
    decline,
    make_world,
    move,
    no_show,
    rebook,
)
from tests.factories import NOW, make_package, make_service
from tests.webhooks.conftest import ALL
from webapp.availability.rules import BookingMode
from webapp.bookings import jobs
from webapp.core.db import db, transaction
from webapp.core.errors import SlotTaken
from webapp.enrolments.services import enrol_package, enrol_service, grant_enrolment
from webapp.webhooks.models import WebhookDelivery
from webapp.webhooks.services import WebhookEvent, create_endpoint

pytestmark = pytest.mark.usefixtures("db_session")
BOOKED, COMPLETED, REMINDER = (
    WebhookEvent.SESSION_BOOKED,
    WebhookEvent.SESSION_COMPLETED,
    WebhookEvent.SESSION_REMINDER,
)
HOUR = dt.timedelta(hours=1)


def listen(world: World) -> None:
    with transaction():
        create_endpoint(actor=world.admin, url="https://hooks.example.com/", events=ALL, now=NOW)


def told() -> list[tuple[str, dict[str, Any]]]:
    rows = db.session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id))
    return [(row.event, row.payload) for row in rows]


def ids(world: World, session: Any) -> dict[str, Any]:
    return {
        "sessionId": session.public_id,
        "enrollmentId": world.enrolment.public_id,
        "counsellorId": world.counsellor.public_id,
        "userId": world.student.public_id,
    }


def test_booked_at_once() -> None:
    world = make_world()
    listen(world)
    session = book(world)
    assert told() == [(BOOKED, ids(world, session))]


def test_booked_when_accepted_and_not_before() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    listen(world)
    session = book(world)
    assert told() == []
    accept(session, world.counsellor_user)
    assert told() == [(BOOKED, ids(world, session))]


def test_what_was_never_confirmed_is_not_told() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    listen(world)
    decline(book(world), world.counsellor_user)
    cancel(book(world), world.student)
    book(world)
    assert jobs.expire_due(SATURDAY_10) == 1
    assert told() == []


def test_a_moved_session_names_where_it_comes_from() -> None:
    world = make_world()
    listen(world)
    old = book(world)
    new = move(old, world.student, SATURDAY_10 + HOUR)
    assert told()[1:] == [(BOOKED, {**ids(world, new), "rescheduledFrom": old.public_id})]


def test_a_cancelled_and_newly_booked_one_is_told_as_new() -> None:
    world = make_world()
    listen(world)
    old = book(world)
    new = rebook(old, world.student, SATURDAY_10 + HOUR)
    assert told()[1:] == [(BOOKED, ids(world, new))]


def test_completed_and_not_missed() -> None:
    world = make_world()
    listen(world)
    session, missed = book(world), book(world, SATURDAY_10 + HOUR)
    complete(session, world.counsellor_user, SATURDAY_10 + HOUR, notes="Private matters")
    no_show(missed, world.counsellor_user, SATURDAY_10 + 2 * HOUR)
    assert told()[2:] == [(COMPLETED, ids(world, session))]


def test_reminders_each_once() -> None:
    world = make_world()
    listen(world)
    session = book(world)
    for at in (SATURDAY_10 - 24 * HOUR, SATURDAY_10 - 23 * HOUR, SATURDAY_10 - HOUR, SATURDAY_10 - HOUR / 2):
        jobs.remind_due(at)
    assert told()[1:] == [
        (REMINDER, {**ids(world, session), "reminder": "24h"}),
        (REMINDER, {**ids(world, session), "reminder": "1h"}),
    ]


def test_a_booking_that_fails_tells_nothing() -> None:
    world = make_world()
    listen(world)
    book(world)
    with pytest.raises(SlotTaken):
        book(world)
    assert len(told()) == 1


def test_enrolments_given_and_bought() -> None:
    world = make_world()
    listen(world)
    package, service = make_package(), make_service(world.counsellor)
    with transaction():
        granted = grant_enrolment(actor=world.admin, user=world.student, package=package, reason="", now=NOW)
    with transaction():
        bought = enrol_package(
            user_id=world.student.id, package=package, title=package.name, amount_paid=499900, now=NOW
        )
    with transaction():
        single = enrol_service(
            user_id=world.student.id, service=service, title="Check", amount_paid=99900, wanted=None, now=NOW
        )
    created, user = WebhookEvent.ENROLLMENT_CREATED, world.student.public_id
    assert told() == [
        (created, {"enrollmentId": granted.public_id, "userId": user, "packageId": package.public_id}),
        (created, {"enrollmentId": bought.public_id, "userId": user, "packageId": package.public_id}),
        (created, {"enrollmentId": single.public_id, "userId": user, "serviceId": service.public_id}),
    ]


def test_nothing_about_people_leaves_the_house() -> None:
    world = make_world()
    listen(world)
    session = book(world, agenda="A very private question")
    complete(session, world.counsellor_user, SATURDAY_10 + HOUR, notes="Shared words", private_notes="Private words")
    everything = json.dumps(told())
    people = (world.student, world.counsellor)
    for word in ("private", "Shared", "meet.jit.si", *(one.name for one in people), *(one.email for one in people)):
        assert word not in everything
