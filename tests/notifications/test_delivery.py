"""Sending: guards, order, retries, leases."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from tests.notifications.conftest import folder_of, put, put_many
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.core.due import run_due_work
from webapp.core.jobs import MAIL_QUEUE, get_redis, queue
from webapp.notifications import delivery
from webapp.notifications.carriers import MailCarrier
from webapp.notifications.delivery import (
    FIRST_PAUSE_AWAY,
    MOST_ATTEMPTS,
    MOST_ATTEMPTS_AWAY,
    claim_due,
    deliver_due,
    pause_after,
)
from webapp.notifications.guards import register_guard
from webapp.notifications.jobs import send_due_mail, sweep_outbox
from webapp.notifications.models import Channel, DeliveryStatus, OutboxMail
from webapp.notifications.queries import mail_was_queued_after, mails_being_sent
from webapp.notifications.transport import Connection, MaildirTransport, MailNotSent, ServerAway, clear_mail

LEASE = dt.timedelta(seconds=60)


class Post:
    """A way out that remembers what it took and refuses whom it is told to refuse."""

    lease = LEASE

    def __init__(self, refuses: str = "", away: bool = False, away_after: int = 10_000) -> None:
        self.taken: list[str] = []
        self.refuses = refuses
        self.away = away
        self.away_after = away_after

    @contextlib.contextmanager
    def connect(self) -> Iterator[Connection]:
        if self.away:
            raise ServerAway("Connection refused")
        yield self

    def make_ready(self) -> None:
        if len(self.taken) >= self.away_after:
            raise ServerAway("Connection lost")

    def send(self, message: EmailMessage, *, name: str) -> None:
        del name
        recipient = message["To"].addresses[0].addr_spec
        if self.refuses and self.refuses in recipient:
            raise MailNotSent("451 try later")
        self.taken.append(recipient)


def rows() -> list[OutboxMail]:
    with transaction() as session:
        found = list(session.scalars(select(OutboxMail).order_by(OutboxMail.id)))
        session.expunge_all()
    return found


def states() -> list[str]:
    return [row.status.value for row in rows()]


def make_due() -> None:
    """Let the waiting time of every mail be over, and every lease."""
    with transaction() as session:
        session.execute(
            update(OutboxMail).values(
                due_at=text("least(due_at, now() - interval '1 second')"),
                claimed_at=text("claimed_at - interval '1 hour'"),
            )
        )


def test_what_is_due_leaves_oldest_first(committing: Flask) -> None:
    now = clock.now()
    put("b", now=now - dt.timedelta(minutes=1))
    put("a", now=now - dt.timedelta(minutes=2))
    put("later", due_at=now + dt.timedelta(hours=1))
    post = Post()
    assert deliver_due(now, transport=post).sent == 2
    assert sorted(post.taken) == ["persona@example.com", "personb@example.com"]
    assert states() == ["sent", "sent", "pending"]
    assert deliver_due(now + dt.timedelta(hours=1), transport=post).sent == 1


def test_another_channel_s_message_never_goes_by_mail(committing: Flask) -> None:
    put(1)
    with transaction() as session:
        session.execute(update(OutboxMail).values(channel=Channel.WHATSAPP))
    assert deliver_due(clock.now(), transport=Post()).sent == 0
    assert states() == ["pending"]


def test_more_than_a_batch(committing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BATCH", 4)
    put_many(10)
    post = Post()
    assert deliver_due(clock.now(), transport=post) == delivery.Run(10)
    assert len(set(post.taken)) == 10


def test_a_sent_row_says_when_and_a_file_is_there(committing: Flask) -> None:
    before = clock.now()
    put()
    assert sweep_outbox(clock.now()) == 1
    (row,) = rows()
    assert row.sent_at is not None
    assert before < row.sent_at < clock.now()
    assert (row.attempts, row.last_error) == (1, None)
    assert [path.name for path in folder_of(committing).iterdir()] == [f"{row.public_id}.eml"]


def test_a_guard_that_says_no_drops_the_mail(committing: Flask) -> None:
    asked: list[tuple[str, str]] = []

    def ask(argument: str, mail: OutboxMail) -> bool:
        asked.append((argument, mail.recipient))
        return argument == "still:true"

    register_guard("test_guard", ask)
    put(1, guard="test_guard:no")
    put(2, guard="test_guard:still:true")
    post = Post()
    assert deliver_due(clock.now(), transport=post).sent == 1
    assert states() == ["dropped", "sent"]
    assert asked == [("no", "person1@example.com"), ("still:true", "person2@example.com")]


def test_a_guard_sees_what_another_transaction_wrote(committing: Flask) -> None:
    register_guard("test_unsent", lambda argument, _mail: db.session.get(OutboxMail, int(argument)) is not None)
    put(1)
    first = rows()[0].id
    put(2, guard=f"test_unsent:{first}")
    assert db.session.get(OutboxMail, first) is not None  # in our hands before it goes
    with committing.app_context(), transaction() as session:
        session.execute(text("delete from outbox_mails where id = :id"), {"id": first})
    post = Post()
    deliver_due(clock.now(), transport=post)
    assert post.taken == []
    assert states() == ["dropped"]


def test_an_unknown_guard_keeps_the_mail(committing: Flask) -> None:
    put(1, guard="nobody_knows:this")
    put(2)
    post = Post()
    assert deliver_due(clock.now(), transport=post).sent == 1
    waiting = rows()[0]
    assert waiting.status is DeliveryStatus.PENDING
    assert "nobody_knows" in (waiting.last_error or "")


def test_a_broken_template_does_not_stop_the_others(committing: Flask) -> None:
    put(1, template="broken")
    put(2)
    assert deliver_due(clock.now(), transport=Post()).sent == 1
    assert states() == ["pending", "sent"]


def test_a_refused_mail_waits_and_goes_later(committing: Flask) -> None:
    put(1)
    put(2)
    before = clock.now()
    post = Post(refuses="person1@")
    assert deliver_due(clock.now() + dt.timedelta(days=2), transport=post).sent == 1  # tried once a run, whatever "now"
    refused = rows()[0]
    assert (refused.status, refused.attempts, refused.last_error) == (DeliveryStatus.PENDING, 1, "451 try later")
    assert dt.timedelta(seconds=26) < refused.due_at - before < dt.timedelta(seconds=40)
    assert deliver_due(clock.now(), transport=post).sent == 0
    post.refuses = ""
    make_due()
    assert deliver_due(clock.now(), transport=post).sent == 1
    assert sorted(post.taken) == ["person1@example.com", "person2@example.com"]
    assert rows()[0].last_error is None


def test_after_the_last_try_it_is_given_up(committing: Flask) -> None:
    put(1)
    for _ in range(MOST_ATTEMPTS):
        make_due()
        deliver_due(clock.now(), transport=Post(refuses="person1@"))
    (row,) = rows()
    assert (row.status, row.attempts, row.last_error) == (DeliveryStatus.FAILED, MOST_ATTEMPTS, "451 try later")
    make_due()
    assert deliver_due(clock.now(), transport=Post()).sent == 0


def test_the_pauses_double_up_to_four_hours_and_last_a_day() -> None:
    pauses = [pause_after(attempts).total_seconds() for attempts in range(1, MOST_ATTEMPTS)]
    for attempt, pause in enumerate(pauses):
        wanted = min(30.0 * 2**attempt, 4 * 3600)
        assert wanted * 0.9 <= pause <= wanted * 1.1
    assert 21 * 3600 < sum(pauses) < 28 * 3600
    away = [pause_after(attempts, FIRST_PAUSE_AWAY).total_seconds() for attempts in range(1, MOST_ATTEMPTS_AWAY)]
    assert 4.5 <= away[0] <= 5.5
    assert 21 * 3600 < sum(away) < 30 * 3600


def test_a_server_that_is_away_costs_one_try_and_ends_the_run(
    committing: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 2)
    put_many(4)
    assert deliver_due(clock.now(), transport=Post(away=True)).sent == 0
    assert [(row.status.value, row.attempts, row.last_error) for row in rows()] == [
        ("pending", 1, "Connection refused"),
        ("pending", 1, "Connection refused"),
        ("pending", 0, None),
        ("pending", 0, None),
    ]


def test_a_line_lost_in_the_middle_keeps_what_has_left(committing: Flask) -> None:
    put_many(4)
    post = Post(away_after=2)
    assert deliver_due(clock.now(), transport=post).sent == 2
    assert sorted(states()) == ["pending", "pending", "sent", "sent"]
    make_due()
    post.away_after = 10
    assert deliver_due(clock.now(), transport=post).sent == 2
    assert len(set(post.taken)) == len(post.taken) == 4


def test_a_held_mail_is_left_alone_until_the_lease_is_over(committing: Flask) -> None:
    put(1)
    now = clock.now()
    assert len(claim_due(now, began=now, lease=LEASE)) == 1
    assert mails_being_sent(now) == 1
    tomorrow = clock.now() + dt.timedelta(days=1)
    assert deliver_due(tomorrow, transport=Post()).sent == 0  # a sweep as of tomorrow does not steal it
    make_due()
    assert deliver_due(clock.now(), transport=Post()).sent == 1
    assert mails_being_sent(now) == 0


def test_who_lost_the_lease_does_not_send(committing: Flask) -> None:
    put(1)
    now = clock.now()
    (claim,) = claim_due(now, began=now, lease=LEASE)
    make_due()  # time passes, another sender takes over
    first, second = Post(), Post()
    assert deliver_due(clock.now(), transport=second).sent == 1
    with MailCarrier(first).connect() as line:
        assert delivery._deliver(claim, line) == 0
    assert (first.taken, second.taken) == ([], ["person1@example.com"])


def test_a_run_ends_in_time_and_lets_go_of_the_rest(committing: Flask) -> None:
    put_many(3)
    assert deliver_due(clock.now(), transport=Post(), seconds=-1) == delivery.Run(0, more=True)
    assert [(row.status.value, row.attempts) for row in rows()] == [("pending", 0)] * 3
    assert deliver_due(clock.now(), transport=Post()).sent == 3


def test_the_job_goes_on_in_another_job(committing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.notifications.jobs.deliver_due", lambda _now: delivery.Run(1, more=True))
    get_redis().flushdb()
    assert send_due_mail() == 1
    assert len(queue(MAIL_QUEUE).jobs) == 1


def test_the_sweep_sends_what_is_due_as_of_its_now(committing: Flask) -> None:
    put(1, due_at=clock.now() + dt.timedelta(hours=24))
    assert run_due_work(clock.now())["outbox"] == 0
    assert run_due_work(clock.now() + dt.timedelta(hours=25))["outbox"] == 1


def test_clearing_leaves_nothing(committing: Flask) -> None:
    put_many(2)
    sweep_outbox(clock.now())
    (folder_of(committing) / ".mail_x.12.new").touch()
    assert clear_mail(committing.config["SETTINGS"]) == 3
    assert list(folder_of(committing).iterdir()) == []


def test_a_later_mail_of_a_kind_is_found(committing: Flask) -> None:
    now = clock.now()
    put(1, now=now)
    asked = {"recipient": "Person1@Example.com", "template": "greeting"}
    assert mail_was_queued_after(**asked, after=now - dt.timedelta(microseconds=1))
    assert not mail_was_queued_after(**asked, after=now)
    assert not mail_was_queued_after(**{**asked, "template": "other"}, after=now - dt.timedelta(days=1))


def test_a_database_away_for_a_moment_after_sending_is_waited_for(
    committing: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(1)
    engine = db.engine
    pauses: list[float] = []
    monkeypatch.setattr("webapp.notifications.delivery.time.sleep", pauses.append)

    class Killing(Post):
        def send(self, message: EmailMessage, *, name: str) -> None:
            super().send(message, name=name)
            with engine.connect() as other:
                other.execute(
                    text("select pg_terminate_backend(pid) from pg_stat_activity "
                         "where datname = current_database() and pid <> pg_backend_pid()")
                )  # fmt: skip

    post = Killing()
    assert deliver_due(clock.now(), transport=post).sent == 1
    assert states() == ["sent"]


def test_an_unwritable_folder_keeps_the_mail(committing: Flask) -> None:
    put(1)
    blocked = folder_of(committing) / "file"
    blocked.write_text("not a folder")
    assert deliver_due(clock.now(), transport=MaildirTransport(blocked)).sent == 0
    assert states() == ["pending"]
