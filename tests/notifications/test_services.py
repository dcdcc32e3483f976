"""Queueing: with the transaction, once a key, one hint a transaction."""

from __future__ import annotations

import datetime as dt

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.notifications.conftest import greeting, put
from webapp.core import clock
from webapp.core.db import transaction
from webapp.core.jobs import MAIL_QUEUE, queue
from webapp.notifications.jobs import forget_old_mail, send_due_mail
from webapp.notifications.models import DeliveryStatus, OutboxMail
from webapp.notifications.services import SENDER_JOB, Attachment, queue_mail


def hints(redis: Redis) -> list[str | None]:
    return [job.func_name for job in Queue(MAIL_QUEUE, connection=redis).jobs]


def test_the_row_holds_what_was_said(db_session: Session, now: dt.datetime) -> None:
    later = now + dt.timedelta(hours=2)
    note = Attachment("session.ics", "text/calendar; method=REQUEST", "BEGIN:VCALENDAR")
    put(7, now=now, due_at=later, guard="any:thing", attachments=[note])
    row = db_session.scalars(select(OutboxMail)).one()
    assert (row.recipient, row.template, row.context) == ("person7@example.com", "greeting", {"word": "Namaste"})
    assert (row.status, row.due_at, row.created_at, row.guard) == (DeliveryStatus.PENDING, later, now, "any:thing")
    assert row.attachments[0]["filename"] == "session.ics"
    assert row.public_id.startswith("mail_")


def test_a_key_counts_once(db_session: Session, now: dt.datetime) -> None:
    put(1, now=now)
    put(1, now=now, recipient="other@example.com")
    assert [row.recipient for row in db_session.scalars(select(OutboxMail))] == ["person1@example.com"]


def test_nothing_is_queued_when_the_transaction_fails(db_session: Session, redis: Redis, now: dt.datetime) -> None:
    def queue_and_fail() -> None:
        with transaction():
            queue_mail(**greeting(1, now))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        queue_and_fail()
    assert db_session.scalars(select(OutboxMail)).all() == []
    assert hints(redis) == []


def test_one_hint_a_transaction(db_session: Session, redis: Redis, now: dt.datetime) -> None:
    with transaction():
        for number in range(3):
            queue_mail(**greeting(number, now))
        assert hints(redis) == []  # not before the commit
    assert hints(redis) == [SENDER_JOB]
    put(9, now=now)
    assert hints(redis) == [SENDER_JOB]  # the one that waits sees this one, too
    send_due_mail()
    put(10, now=now)
    assert hints(redis) == [SENDER_JOB, SENDER_JOB]


def test_a_mail_for_later_gives_no_hint(db_session: Session, redis: Redis, now: dt.datetime) -> None:
    put(1, now=now, due_at=now + dt.timedelta(seconds=1))
    assert hints(redis) == []


def test_the_hint_names_the_job(db_session: Session, redis: Redis) -> None:
    put(1, now=clock.now())
    (job,) = queue(MAIL_QUEUE).jobs
    assert job.func is send_due_mail


def test_refused_mail_is_forgotten_after_ninety_days_and_nothing_else(db_session: Session, now: dt.datetime) -> None:
    day = dt.timedelta(days=1)
    for number, status in enumerate(DeliveryStatus):
        for age in (89, 91):
            put(f"{number}-{age}", now=now - age * day)
            key = greeting(f"{number}-{age}", now)["dedupe_key"]
            row = db_session.scalars(select(OutboxMail).where(OutboxMail.dedupe_key == key)).one()
            row.status = status
    db_session.commit()
    assert forget_old_mail(now) == 1
    left = db_session.scalars(select(OutboxMail)).all()
    assert len(left) == 2 * len(DeliveryStatus) - 1
    assert [row.created_at for row in left if row.status is DeliveryStatus.DROPPED] == [now - 89 * day]
    assert forget_old_mail(now) == 0
