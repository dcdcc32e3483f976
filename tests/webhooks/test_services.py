"""Endpoints and what is written for them. Admins only; whatever is wrong is said at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from typing import Any, cast

import pytest
from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests.conftest import NOW
from tests.factories import make_user
from tests.webhooks.conftest import ALL, BOOKED, add_endpoint, deliveries, states, tell
from webapp.config import Settings
from webapp.core.db import db, transaction
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.core.jobs import queue
from webapp.webhooks.keys import ending_of, secret_of
from webapp.webhooks.models import AttemptStatus, WebhookDelivery, WebhookEndpoint
from webapp.webhooks.queries import deliveries_of, endpoints_in_trouble, get_delivery, get_endpoint, list_endpoints
from webapp.webhooks.rules import TEST_EVENT, WebhookEvent
from webapp.webhooks.services import (
    create_endpoint,
    delete_endpoint,
    emit,
    renew_secret,
    replay_delivery,
    replay_failed,
    send_test,
    switch_off,
    switch_on,
    turned_away,
    update_endpoint,
)

URL = "https://hooks.example.com/in"
CALLS: list[Any] = [
    lambda actor, _id: create_endpoint(actor=actor, url=URL, events=ALL, now=NOW),
    lambda actor, id_: update_endpoint(actor=actor, endpoint_id=id_, events=ALL),
    lambda actor, id_: renew_secret(actor=actor, endpoint_id=id_),
    lambda actor, id_: switch_on(actor=actor, endpoint_id=id_),
    lambda actor, id_: switch_off(actor=actor, endpoint_id=id_),
    lambda actor, id_: delete_endpoint(actor=actor, endpoint_id=id_),
    lambda actor, id_: replay_failed(actor=actor, endpoint_id=id_, now=NOW),
    lambda actor, id_: send_test(actor=actor, endpoint_id=id_, now=NOW),
    lambda actor, id_: replay_delivery(actor=actor, delivery_id=id_, now=NOW),
]


@pytest.fixture
def admin(db_session: Session) -> Any:
    return make_user(role="admin")


@pytest.fixture
def make(admin: Any) -> Any:
    def make_endpoint(**more: Any) -> WebhookEndpoint:
        with transaction():
            return create_endpoint(actor=admin, **{"url": URL, "events": ALL, "now": NOW, **more})[0]

    return make_endpoint


def put(event: str = BOOKED, key: str = "1", now: dt.datetime = NOW) -> int:
    with transaction():
        return emit(event, {"sessionId": "session_1"}, dedupe_key=key, now=now)


def rows() -> list[WebhookDelivery]:
    return list(db.session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)))


def test_an_endpoint_gets_a_secret_that_is_given_once(admin: Any) -> None:
    with transaction():
        endpoint, secret = create_endpoint(
            actor=admin, url=f" {URL} ", events=[BOOKED, BOOKED], description=" CRM \x00 of  Pune ", now=NOW
        )
    assert secret.startswith("whsec_")
    assert len(secret) > 40
    assert secret_of(endpoint) == secret
    assert ending_of(endpoint) == secret[-4:]
    assert (endpoint.url, endpoint.events, endpoint.description) == (URL, [BOOKED], "CRM of Pune")
    assert (endpoint.is_active, endpoint.created_by_id) == (True, admin.id)
    assert endpoint.public_id.startswith("endpoint_")


def test_every_wrong_field_is_named(admin: Any) -> None:
    with pytest.raises(ValidationFailed) as failed, transaction():
        create_endpoint(
            actor=admin, url="https://user@x.example/", events=["session.booked"], description="x" * 121, now=NOW
        )
    assert set(failed.value.fields) == {"url", "events", "description"}
    with pytest.raises(ValidationFailed) as failed, transaction():
        create_endpoint(actor=admin, url="", events=[], now=NOW)
    assert failed.value.fields == {
        "url": "Type the address that events are sent to.",
        "events": "Choose at least one event.",
    }
    assert db.session.scalar(select(func.count()).select_from(WebhookEndpoint)) == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://169.254.169.254/",
        "https://localhost/",
        "http://hooks.example.com/",
        "https://[::1]/",
    ],
)
def test_production_takes_public_https_only(app: Flask, admin: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = cast(Settings, app.config["SETTINGS"])
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"app_env": "production"}))
    with pytest.raises(ValidationFailed) as failed, transaction():
        create_endpoint(actor=admin, url=url, events=ALL, now=NOW)
    assert set(failed.value.fields) == {"url"}


def test_what_is_not_given_stays(admin: Any, make: Any) -> None:
    endpoint = make(description="CRM")
    with transaction():
        update_endpoint(actor=admin, endpoint_id=endpoint.public_id, events=[BOOKED])
    assert (endpoint.url, endpoint.events, endpoint.description) == (URL, [BOOKED], "CRM")
    with pytest.raises(ValidationFailed), transaction():
        update_endpoint(actor=admin, endpoint_id=endpoint.public_id, url="nonsense", description="new")
    assert (endpoint.url, endpoint.description) == (URL, "CRM")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("role", ["student", "counsellor"])
def test_an_outsider_may_nothing(db_session: Session, make: Any, role: str, call: Any) -> None:
    endpoint = make()
    with pytest.raises(Forbidden), transaction():
        call(make_user(role=role), endpoint.public_id)


@pytest.mark.parametrize("call", CALLS[1:])
def test_what_is_not_there_is_not_found(admin: Any, call: Any) -> None:
    with pytest.raises(NotFound), transaction():
        call(admin, "endpoint_00000000000000000000")
    for look in (get_endpoint, lambda id_: get_delivery(id_, id_)):
        with pytest.raises(NotFound):
            look("endpoint_00000000000000000000")


def test_only_who_wants_an_event_is_told_of_it(make: Any) -> None:
    wanting, other, off = make(events=[BOOKED]), make(events=[WebhookEvent.INQUIRY_NEW]), make()
    off.is_active = False
    assert put() == 1
    (row,) = rows()
    assert (row.endpoint_id, row.event, row.payload) == (wanting.id, BOOKED, {"sessionId": "session_1"})
    assert (row.status, row.created_at, row.due_at, row.attempts) == (AttemptStatus.PENDING, NOW, NOW, 0)
    assert other.id != row.endpoint_id


def test_an_event_is_told_once(make: Any) -> None:
    make()
    assert (put(), put(), put(key="2")) == (1, 0, 1)
    make()
    assert put() == 1  # the new one has not heard of it
    assert len(rows()) == 3


def test_an_event_nobody_knows_is_a_mistake_of_ours(make: Any) -> None:
    make()
    with pytest.raises(ValueError, match="is not a valid WebhookEvent"), transaction():
        emit("session.booked", {}, dedupe_key="1", now=NOW)


def test_nothing_is_told_of_what_did_not_happen(make: Any) -> None:
    make()

    def fail() -> None:
        with transaction():
            emit(BOOKED, {}, dedupe_key="1", now=NOW)
            raise Forbidden

    with pytest.raises(Forbidden):
        fail()
    assert rows() == []
    assert queue().jobs == []


def test_a_worker_is_woken_once_a_transaction(make: Any) -> None:
    make()
    with transaction():
        for number in range(5):
            emit(BOOKED, {}, dedupe_key=str(number), now=NOW)
    assert [job.func_name for job in queue().jobs] == ["webapp.webhooks.jobs.send_due_webhooks"]


def test_without_endpoints_it_costs_one_statement(db_session: Session) -> None:
    assert put() == 0
    assert queue().jobs == []


def test_switching_off_cancels_what_waits(admin: Any, make: Any) -> None:
    endpoint = make()
    put()
    with transaction():
        switch_off(actor=admin, endpoint_id=endpoint.public_id)
    db.session.expire_all()
    assert [row.status for row in rows()] == [AttemptStatus.CANCELLED]
    assert endpoint.disabled_reason == "Switched off by an admin."
    assert put(key="2") == 0
    for call in (send_test, replay_failed):
        with pytest.raises(InvalidState), transaction():
            call(actor=admin, endpoint_id=endpoint.public_id, now=NOW)
    with pytest.raises(InvalidState), transaction():
        replay_delivery(actor=admin, delivery_id=rows()[0].public_id, now=NOW)
    with transaction():
        switch_on(actor=admin, endpoint_id=endpoint.public_id)
    assert (endpoint.is_active, endpoint.disabled_reason) == (True, "")
    assert put(key="3") == 1


def test_a_replay_is_the_same_delivery_with_a_new_day(admin: Any, make: Any) -> None:
    make()
    put()
    (row,) = rows()
    row.status, row.attempts, row.first_tried_at, row.claimed_at = AttemptStatus.FAILED, 14, NOW, NOW
    db.session.flush()
    later = NOW + dt.timedelta(days=3)
    with transaction():
        again = replay_delivery(actor=admin, delivery_id=row.public_id, now=later)
    assert again.id == row.id
    assert (again.status, again.attempts, again.first_tried_at, again.due_at) == (AttemptStatus.PENDING, 0, None, later)
    assert again.created_at == NOW
    row.status = AttemptStatus.SENDING
    with pytest.raises(InvalidState), transaction():
        replay_delivery(actor=admin, delivery_id=row.public_id, now=later)


def test_all_that_was_given_up_goes_again(admin: Any, make: Any) -> None:
    endpoint, other = make(), make()
    for number in range(3):
        put(key=str(number))
    with transaction() as session:
        session.execute(text("update webhook_deliveries set status = 'failed' where dedupe_key <> '0'"))
    db.session.expire_all()
    assert [(one.endpoint.id, one.failed) for one in endpoints_in_trouble(NOW)] == [(endpoint.id, 2), (other.id, 2)]
    with transaction():
        assert replay_failed(actor=admin, endpoint_id=endpoint.public_id, now=NOW) == 2
    assert [one.endpoint.id for one in endpoints_in_trouble(NOW)] == [other.id]
    with transaction():
        assert replay_failed(actor=admin, endpoint_id=endpoint.public_id, now=NOW) == 0


def test_a_test_event_goes_to_one_endpoint_whatever_it_wants(admin: Any, make: Any) -> None:
    endpoint, _other = make(events=[BOOKED]), make()
    with transaction():
        first = send_test(actor=admin, endpoint_id=endpoint.public_id, now=NOW)
    with transaction():
        send_test(actor=admin, endpoint_id=endpoint.public_id, now=NOW)
    assert (first.event, first.payload) == (TEST_EVENT, {"endpointId": endpoint.public_id})
    assert {row.endpoint_id for row in rows()} == {endpoint.id}
    assert len(rows()) == 2


def test_a_new_secret_replaces_the_old_one(admin: Any, make: Any) -> None:
    endpoint = make()
    old = secret_of(endpoint)
    with transaction():
        renewed, secret = renew_secret(actor=admin, endpoint_id=endpoint.public_id)
    assert secret_of(renewed) == secret != old


def test_gone_is_believed_only_from_the_present_address(make: Any) -> None:
    endpoint = make()
    with transaction():
        assert not turned_away(endpoint.id, "https://old.example.com/")
    assert endpoint.is_active
    with transaction():
        assert turned_away(endpoint.id, URL)
    assert not endpoint.is_active
    assert "410" in endpoint.disabled_reason
    changed = endpoint.updated_at
    assert [one.endpoint.id for one in endpoints_in_trouble(changed)] == [endpoint.id]
    assert endpoints_in_trouble(changed + dt.timedelta(days=8)) == []


def test_lists(make: Any) -> None:
    endpoint, empty = make(), make()
    empty.is_active = False
    for number in range(25):
        put(key=str(number))
    with transaction() as session:
        session.execute(text("update webhook_deliveries set status = 'failed' where dedupe_key in ('1', '2')"))
    shown, page = list_endpoints(1)
    assert page.total == 2
    assert [(row.endpoint.id, row.waiting, row.failed, row.latest is None) for row in shown] == [
        (empty.id, 0, 0, True),
        (endpoint.id, 23, 2, False),
    ]
    assert deliveries_of(endpoint, page=2).total == 25
    assert len(deliveries_of(endpoint, page=2).items) == 5
    assert deliveries_of(endpoint, status=AttemptStatus.FAILED).total == 2
    assert deliveries_of(endpoint, status=AttemptStatus.PENDING).total == 23
    assert deliveries_of(endpoint, event=BOOKED).total == 25
    assert deliveries_of(endpoint, event="no.such").total == 0


def test_deleting_takes_the_log_along(committing: Flask) -> None:
    public_id = add_endpoint(URL)
    tell()
    with transaction():
        delete_endpoint(
            actor=dataclasses.make_dataclass("A", [("id", Any), ("role", str)])(None, "admin"), endpoint_id=public_id
        )
    assert deliveries() == []


def test_an_endpoint_that_is_being_deleted_stops_nobody(committing: Flask) -> None:
    add_endpoint(URL)
    with db.engine.connect() as other:
        other.execute(text("delete from webhook_endpoints"))
        assert tell() == 0  # neither waits nor fails
        other.commit()
    assert deliveries() == []


def test_who_deletes_waits_for_what_is_being_told(committing: Flask) -> None:
    add_endpoint(URL)
    with transaction():
        emit(BOOKED, {}, dedupe_key="1", now=NOW)

        def delete() -> None:
            with committing.app_context(), db.engine.begin() as other:
                other.execute(text("delete from webhook_endpoints"))

        thread = threading.Thread(target=delete)
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
    thread.join(5)
    assert deliveries() == []


@pytest.mark.race
def test_an_event_told_by_many_at_once_is_one_row(committing: Flask) -> None:
    add_endpoint(URL)
    start, told = threading.Barrier(8), []

    def once() -> None:
        with committing.app_context():
            start.wait()
            told.append(tell("same"))
            db.session.remove()

    threads = [threading.Thread(target=once) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) == 1
    assert states() == ["pending"]


def test_a_dead_redis_loses_nothing(committing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    add_endpoint(URL)
    monkeypatch.setitem(committing.extensions, "redis", Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)))
    assert tell() == 1
    assert states() == ["pending"]
