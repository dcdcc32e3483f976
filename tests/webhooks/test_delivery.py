"""Sending: what each answer leads to, and that senders do not get into each other's way."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Mapping

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from tests.pace import patience
from tests.webhooks.conftest import (
    ADMIN,
    ALL,
    BOOKED,
    add_endpoint,
    deliveries,
    endpoint_of,
    pass_time,
    states,
    tell,
)
from tests.webhooks.receiver import Receiver, free_port
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.core.due import run_due_work
from webapp.core.jobs import get_redis, queue
from webapp.webhooks import courier, delivery, ssrf
from webapp.webhooks.courier import Answer
from webapp.webhooks.delivery import Run, claim_due, deliver_due, make_ready
from webapp.webhooks.jobs import send_due_webhooks
from webapp.webhooks.keys import keep_secret, secret_of
from webapp.webhooks.models import AttemptStatus, WebhookDelivery, WebhookEndpoint
from webapp.webhooks.services import create_endpoint, replay_delivery, send_test, switch_off, update_endpoint

DAY = dt.timedelta(days=1)


class Always:
    """A courier that brings back one answer, and remembers what it carried."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.urls: list[str] = []

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        del headers, body
        self.urls.append(url)
        return self.answer


def send() -> int:
    return deliver_due(clock.now()).delivered


def test_a_request_is_signed_and_says_what_happened(committing: Flask, receiver: Receiver) -> None:
    endpoint = endpoint_of(add_endpoint(receiver.url("/ok?key=1")))
    tell(7)
    before = time.time()
    assert send() == 1
    (taken,), (row,) = receiver.taken, deliveries()
    assert taken.path == "/ok?key=1"
    message = json.loads(taken.body)
    assert message == {
        "id": row.public_id,
        "event": "counselling.session.booked",
        "createdAt": message["createdAt"],
        "data": {"sessionId": "session_7"},
    }
    stamp = taken.headers["x-disha-timestamp"]
    assert before - 2 <= int(stamp) <= time.time() + 1
    wanted = hmac.new(secret_of(endpoint).encode(), f"{stamp}.".encode() + taken.body, hashlib.sha256).hexdigest()
    assert taken.headers["x-disha-signature"] == wanted
    assert taken.headers["x-disha-event"] == "counselling.session.booked"
    assert taken.headers["x-disha-delivery"] == row.public_id
    assert taken.headers["user-agent"] == "Disha-Webhooks/1"
    assert taken.headers["content-type"] == "application/json"


def test_the_log_has_request_and_answer_and_never_the_secret(committing: Flask, receiver: Receiver) -> None:
    endpoint = endpoint_of(add_endpoint(receiver.url()))
    tell()
    send()
    (row,) = deliveries()
    assert (row.status, row.attempts) == (AttemptStatus.DELIVERED, 1)
    assert row.delivered_at is not None
    assert (row.response_status, row.response_body, row.error) == (200, "thank you", "")
    assert row.answer_ms is not None
    assert row.request["url"] == receiver.url()
    assert row.request["body"] == receiver.taken[0].body.decode()
    assert row.request["headers"]["X-Disha-Signature"] == receiver.taken[0].headers["x-disha-signature"]
    assert secret_of(endpoint) not in json.dumps(row.request)


def test_a_failure_is_tried_again_under_the_same_id_with_a_new_timestamp(committing: Flask, receiver: Receiver) -> None:
    add_endpoint(receiver.url())
    receiver.answers += [500, 429]
    tell()
    assert send() == 0
    (row,) = deliveries()
    assert (row.status, row.attempts, row.response_status) == (AttemptStatus.PENDING, 1, 500)
    assert row.error == "It answered 500."
    assert dt.timedelta(seconds=20) < row.due_at - clock.now() < dt.timedelta(seconds=37)
    assert send() == 0
    assert len(receiver.taken) == 1  # not before its time
    pass_time(dt.timedelta(seconds=40))
    assert send() == 0
    assert dt.timedelta(seconds=45) < deliveries()[0].due_at - clock.now() < dt.timedelta(seconds=73)
    pass_time(dt.timedelta(seconds=80))
    assert send() == 1
    assert len({taken.delivery for taken in receiver.taken}) == 1
    assert len({taken.body for taken in receiver.taken}) == 1
    assert states() == ["delivered"]
    assert send() == 0


@pytest.mark.parametrize("status", [199, 301, 400, 401, 404, 409, 422, 500, 503])
def test_only_2xx_is_an_acceptance(committing: Flask, status: int) -> None:
    add_endpoint("http://127.0.0.1:9999/")
    tell()
    assert deliver_due(clock.now(), sender=Always(Answer(status, error="no"))).delivered == 0
    assert states() == ["pending"]


def test_after_a_day_it_is_given_up(committing: Flask) -> None:
    add_endpoint("http://127.0.0.1:9999/")
    tell()
    sender, tries = Always(Answer(500, error="It answered 500.")), 0
    while states() == ["pending"]:
        deliver_due(clock.now(), sender=sender)
        tries += 1
        assert tries < 30
        row = deliveries()[0]
        pass_time(row.due_at - clock.now() + dt.timedelta(seconds=1))
    (row,) = deliveries()
    assert row.status is AttemptStatus.FAILED
    assert 12 <= tries == row.attempts <= 19
    assert row.first_tried_at is not None
    assert row.claimed_at is not None
    assert DAY <= row.claimed_at - row.first_tried_at < DAY + dt.timedelta(minutes=1)
    assert deliver_due(clock.now() + 2 * DAY, sender=sender).delivered == 0
    assert len(sender.urls) == tries


def test_a_sweep_as_of_tomorrow_sees_the_day_over(committing: Flask) -> None:
    add_endpoint("http://127.0.0.1:9999/")
    tell()
    sender = Always(Answer(500, error="no"))
    deliver_due(clock.now(), sender=sender)
    deliver_due(clock.now() + dt.timedelta(hours=5), sender=sender)
    assert states() == ["pending"]
    deliver_due(clock.now() + dt.timedelta(hours=25), sender=sender)
    assert states() == ["failed"]


def test_a_replay_after_giving_up_has_a_day_again(committing: Flask) -> None:
    add_endpoint("http://127.0.0.1:9999/")
    tell()
    sender = Always(Answer(500, error="no"))
    deliver_due(clock.now(), sender=sender)
    deliver_due(clock.now() + dt.timedelta(hours=25), sender=sender)
    again = deliveries()[0].public_id
    with transaction():
        replay_delivery(actor=ADMIN, delivery_id=again, now=clock.now())
    deliver_due(clock.now(), sender=sender)
    assert states() == ["pending"]
    with transaction():  # one that waits is hurried up by it
        replay_delivery(actor=ADMIN, delivery_id=again, now=clock.now())
    assert deliver_due(clock.now(), sender=Always(Answer(204))).delivered == 1
    (row,) = deliveries()
    assert (row.status, row.error, row.attempts) == (AttemptStatus.DELIVERED, "", 1)


def test_gone_switches_the_endpoint_off_and_cancels_what_waits(committing: Flask, receiver: Receiver) -> None:
    gone, fine = add_endpoint(receiver.url("/gone")), add_endpoint(receiver.url("/ok"))
    tell(1)
    tell(2, now=clock.now() + dt.timedelta(hours=1))
    assert send() == 1
    assert states() == ["failed", "delivered", "cancelled", "pending"]
    assert endpoint_of(gone).is_active is False
    assert "410" in endpoint_of(gone).disabled_reason
    assert endpoint_of(fine).is_active
    assert tell(3) == 1


def test_gone_from_an_address_left_meanwhile_is_only_a_failure(committing: Flask) -> None:
    public_id = add_endpoint("http://127.0.0.1:9999/old")
    tell()
    letters = make_ready(claim_due(clock.now(), began=clock.now()), "Disha")
    with transaction():
        update_endpoint(actor=ADMIN, endpoint_id=public_id, url="http://127.0.0.1:9999/new")
    assert delivery._send(letters, Always(Answer(410, error="gone")), clock.now()) == 0
    assert endpoint_of(public_id).is_active
    assert states() == ["pending"]


def test_what_was_claimed_while_it_was_switched_off_is_cancelled(committing: Flask) -> None:
    public_id = add_endpoint("http://127.0.0.1:9999/")
    tell()
    claims = claim_due(clock.now(), began=clock.now())
    with transaction():
        switch_off(actor=ADMIN, endpoint_id=public_id)
    assert make_ready(claims, "Disha") == []
    assert states() == ["cancelled"]


def test_what_slipped_in_while_it_was_switched_off_is_cancelled(committing: Flask) -> None:
    public_id = add_endpoint("http://127.0.0.1:9999/")
    tell()
    with transaction() as session:
        session.execute(update(WebhookEndpoint).values(is_active=False, rest_until=clock.now() + DAY))
    sender = Always(Answer(200))
    assert deliver_due(clock.now(), sender=sender) == Run(0)
    assert (states(), sender.urls) == (["cancelled"], [])
    assert not endpoint_of(public_id).is_active


def test_a_silent_endpoint_rests_and_the_others_are_served(
    committing: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssrf, "READ_SECONDS", 0.8)
    silent, fine = add_endpoint(receiver.url("/hang")), add_endpoint(receiver.url("/ok"))
    for number in range(12):
        tell(number)
    began = time.monotonic()
    assert send() == 12
    assert time.monotonic() - began < patience(3)
    asked = [taken.path for taken in receiver.taken]
    assert asked.count("/ok") == 12
    assert asked.count("/hang") == delivery.EACH_ENDPOINT
    until = endpoint_of(silent).rest_until
    assert until is not None
    assert dt.timedelta(seconds=20) < until - clock.now() <= dt.timedelta(seconds=30)
    assert endpoint_of(fine).rest_until is None
    assert send() == 0
    assert len(receiver.taken) == len(asked)  # it is left alone
    with transaction():
        send_test(actor=ADMIN, endpoint_id=silent, now=clock.now())  # by hand it is asked at once
    assert endpoint_of(silent).rest_until is None


def test_an_answer_ends_the_rest(committing: Flask, receiver: Receiver) -> None:
    public_id = add_endpoint(f"http://127.0.0.1:{free_port()}/ok")
    tell()
    send()
    assert deliveries()[0].error == "The connection was refused."
    assert endpoint_of(public_id).rest_until is not None
    with transaction() as session:
        session.execute(update(WebhookEndpoint).values(url=receiver.url("/fail")))
    pass_time(dt.timedelta(minutes=5))
    send()
    assert deliveries()[0].error == "It answered 500."
    assert endpoint_of(public_id).rest_until is None


def test_the_rest_grows_with_the_tries(committing: Flask) -> None:
    public_id = add_endpoint("http://127.0.0.1:9999/")
    tell(1)
    with transaction() as session:
        session.execute(update(WebhookDelivery).values(attempts=9, due_at=clock.now() + DAY))
    tell(2)
    deliver_due(clock.now(), sender=Always(Answer(error="no answer", silent=True)))
    until = endpoint_of(public_id).rest_until
    assert until is not None
    assert until - clock.now() > dt.timedelta(minutes=9)


def test_a_hanging_receiver_holds_no_transaction_open(
    committing: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssrf, "READ_SECONDS", 30.0)
    monkeypatch.setattr(courier, "WHOLE_SECONDS", 30.0)
    add_endpoint(receiver.url("/hang"))
    tell()
    open_ones: list[int] = []

    def look() -> None:
        while not receiver.taken:
            time.sleep(0.01)
        with committing.app_context(), db.engine.connect() as other:
            idle = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"
            open_ones.append(other.execute(text(idle)).scalar_one())
        receiver.over.set()  # seen: it need not hang any longer

    watcher = threading.Thread(target=look)
    watcher.start()
    send()
    watcher.join()
    assert open_ones == [0]


def test_no_endpoint_s_long_queue_holds_up_another(committing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BATCH", 6)
    busy = add_endpoint("http://127.0.0.1:9999/busy", [BOOKED])
    for number in range(20):
        tell(number)
    add_endpoint("http://127.0.0.1:9999/other", ["counselling.session.completed"])
    tell(1, "counselling.session.completed")
    sender = Always(Answer(200))
    assert deliver_due(clock.now(), sender=sender) == Run(21)
    assert sender.urls.index("http://127.0.0.1:9999/other") < 6
    assert endpoint_of(busy).rest_until is None


def test_what_is_being_sent_is_left_alone_until_the_lease_is_over(committing: Flask) -> None:
    add_endpoint("http://127.0.0.1:9999/")
    tell()
    assert len(claim_due(clock.now(), began=clock.now())) == 1
    sender = Always(Answer(200))
    assert deliver_due(clock.now() + DAY, sender=sender) == Run(0)  # nor does a sweep as of tomorrow take it
    pass_time(dt.timedelta(minutes=3))
    assert deliver_due(clock.now(), sender=sender) == Run(1)
    assert deliveries()[0].attempts == 2


def test_who_lost_the_lease_changes_nothing(committing: Flask) -> None:
    add_endpoint("http://127.0.0.1:9999/")
    tell()
    late = make_ready(claim_due(clock.now(), began=clock.now()), "Disha")
    pass_time(dt.timedelta(minutes=3))
    assert deliver_due(clock.now(), sender=Always(Answer(200))) == Run(1)
    delivery._send(late, Always(Answer(500, error="no")), clock.now())
    assert states() == ["delivered"]


def test_the_run_ends_in_time_and_the_job_goes_on_in_another(
    committing: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_endpoint("http://127.0.0.1:9999/")
    for number in range(6):
        tell(number)
    sender = Always(Answer(200))
    assert deliver_due(clock.now(), sender=sender, seconds=-1) == Run(delivery.EACH_ENDPOINT, more=True)
    monkeypatch.setattr("webapp.webhooks.jobs.deliver_due", lambda _now: Run(2, more=True))
    get_redis().flushdb()
    assert send_due_webhooks() == 2
    assert len(queue().jobs) == 1


def test_the_sweep_sends_what_is_due_as_of_its_now(committing: Flask, receiver: Receiver) -> None:
    add_endpoint(receiver.url())
    tell(now=clock.now() + dt.timedelta(hours=3))
    assert run_due_work(clock.now())["webhooks"] == 0
    assert run_due_work(clock.now() + dt.timedelta(hours=4))["webhooks"] == 1


def test_an_endpoint_deleted_while_it_is_served(committing: Flask) -> None:
    add_endpoint("http://127.0.0.1:9999/")
    tell()
    letters = make_ready(claim_due(clock.now(), began=clock.now()), "Disha")
    with transaction() as session:
        session.execute(text("delete from webhook_endpoints"))
    for answer in (Answer(200), Answer(410), Answer(error="silence", silent=True)):
        delivery._send(letters, Always(answer), clock.now())
    assert deliveries() == []


def test_an_address_that_leads_inside_is_never_asked(committing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    add_endpoint("http://hooks.example.com/")
    monkeypatch.setattr(
        courier.Courier.__init__, "__kwdefaults__", {"resolver": lambda _h, _p: ["10.0.0.5"], "context": None}
    )
    tell()
    assert send() == 0
    (row,) = deliveries()
    assert row.error == "hooks.example.com leads to 10.0.0.5, a private address. Nothing was sent."
    assert row.status is AttemptStatus.PENDING


def test_a_new_secret_signs_from_the_next_try_on(committing: Flask, receiver: Receiver) -> None:
    with transaction():
        endpoint, old = create_endpoint(actor=ADMIN, url=receiver.url(), events=ALL, now=clock.now())
        public_id = endpoint.public_id
    tell()
    send()
    with transaction() as session:
        keep_secret(session.scalars(select(WebhookEndpoint)).one(), "whsec_new")
        replayed = session.scalars(select(WebhookDelivery.public_id)).one()
    with transaction():
        replay_delivery(actor=ADMIN, delivery_id=replayed, now=clock.now())
    send()
    for taken, secret in zip(receiver.taken, (old, "whsec_new"), strict=True):
        message = taken.headers["x-disha-timestamp"].encode() + b"." + taken.body
        assert taken.headers["x-disha-signature"] == hmac.digest(secret.encode(), message, "sha256").hex()
    assert secret_of(endpoint_of(public_id)) == "whsec_new"
