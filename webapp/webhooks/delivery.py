"""Sending what is due: claim a few rows in one statement, send them side by side, write what came of each.

A claim is a status and an instant, as in the outbox of mail: whoever writes about a delivery names the
claim it holds. A sender that is killed loses its claim when the lease is over and the delivery goes
again under the same id: a receiver may see an id twice, and never misses one.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Protocol, cast

import structlog
from flask import current_app
from sqlalchemy import ColumnElement, and_, func, or_, select, true, update

from webapp.config import Settings
from webapp.core.crashpoints import crash_point
from webapp.core.db import db, transaction
from webapp.core.sealing import SealBroken
from webapp.webhooks.courier import Answer, Courier
from webapp.webhooks.keys import secret_of
from webapp.webhooks.models import AttemptStatus, WebhookDelivery, WebhookEndpoint
from webapp.webhooks.rules import (
    RETRIED_FOR,
    TURNED_AWAY_FOR_GOOD,
    body_of,
    headers_for,
    is_accepted,
    is_over,
    pause_after,
    rest_after,
)
from webapp.webhooks.services import turned_away

log = structlog.get_logger(__name__)
D, E = WebhookDelivery, WebhookEndpoint

BATCH = 16
EACH_ENDPOINT = 4  # of a batch, so that one receiver's long queue holds up nobody else's
LEASE = dt.timedelta(minutes=2)  # a try takes 20 s at the most
RUN_SECONDS = 20.0
CANNOT_SIGN = "Not sent: the secret of this webhook cannot be opened. Make a new one."


class Sender(Protocol):
    """What carries a request; see `courier.Courier`."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send it and say what came of it; never raises."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One claimed delivery, ready to go. The secret is not in it."""

    id: int
    claimed_at: dt.datetime
    first_tried_at: dt.datetime
    tries: int
    endpoint_id: int
    url: str
    rested: bool
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did: deliveries that were accepted, and whether more are due but its time was over."""

    delivered: int
    more: bool = False


def deliver_due(now: dt.datetime, *, sender: Sender | None = None, seconds: float = RUN_SECONDS) -> Run:
    """Send what is due at ``now``, a few at a time, for about ``seconds``.

    Any number of senders may run at once. What fails waits for a later run.
    """
    settings = cast(Settings, current_app.config["SETTINGS"])
    sender = sender or Courier(production=settings.app_env == "production")
    stop_at, began, delivered = time.monotonic() + seconds, _database_time(), 0
    while claims := claim_due(now, began=began):
        letters = make_ready(claims, settings.site_name)
        delivered += _send(letters, sender, now)
        if time.monotonic() > stop_at:
            return Run(delivered, more=True)
    return Run(delivered)


def claim_due(now: dt.datetime, *, began: dt.datetime) -> list[int]:
    """Take a few due deliveries of every endpoint that has some; those tried since ``began`` are left.

    Claims and leases go by the database's own clock; ``now`` says only what is due.
    """
    clock = func.clock_timestamp()
    waiting = and_(D.status == AttemptStatus.PENDING, or_(D.claimed_at.is_(None), D.claimed_at < began))
    abandoned = and_(D.status == AttemptStatus.SENDING, D.claimed_at < clock - LEASE)
    next_ones = (
        select(D.id)
        .where(D.endpoint_id == E.id, D.status.in_([AttemptStatus.PENDING, AttemptStatus.SENDING]))
        .where(D.due_at <= now, or_(waiting, abandoned))
        .order_by(D.due_at, D.id)
        .limit(EACH_ENDPOINT)
        .with_for_update(skip_locked=True, of=D)
        .correlate(E)
        .lateral("next_ones")
    )
    awake = or_(E.rest_until.is_(None), E.rest_until <= now, ~E.is_active)
    chosen = select(next_ones.c.id).select_from(E).join(next_ones, true()).where(awake).limit(BATCH).cte("chosen")
    take = (
        update(D)
        .where(D.id.in_(select(chosen.c.id)))
        .values(
            status=AttemptStatus.SENDING,
            claimed_at=clock,
            first_tried_at=func.coalesce(D.first_tried_at, clock),
            attempts=D.attempts + 1,
        )
        .returning(D.id)
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        return sorted(session.scalars(take).all())


def make_ready(claims: Sequence[int], site: str) -> list[Letter]:
    """Write and sign the requests of claimed deliveries; those of an endpoint that is off are cancelled."""
    with transaction() as session:
        rows = session.execute(
            select(D, E)
            .join(E, E.id == D.endpoint_id)
            .where(D.id.in_(claims), D.status == AttemptStatus.SENDING)
            .order_by(D.due_at, D.id)
            .execution_options(populate_existing=True)
        ).all()
        letters = []
        for delivery, endpoint in rows:
            if not endpoint.is_active:
                delivery.status = AttemptStatus.CANCELLED
                continue
            try:
                letter = _letter(delivery, endpoint, site)
            except SealBroken as broken:
                log.error("webhook_secret_sealed_off", delivery=delivery.id, error=str(broken))
                _put_off(delivery)
                continue
            delivery.request = {"url": letter.url, "headers": letter.headers, "body": letter.body.decode()}
            letters.append(letter)
    return letters


def _put_off(delivery: WebhookDelivery) -> None:
    """Leave a delivery nobody can sign for later: an admin makes a new secret, or the missing key comes back."""
    at = cast(dt.datetime, delivery.claimed_at)
    delivery.error, delivery.response_status, delivery.response_body = CANNOT_SIGN, None, ""
    if is_over(delivery.first_tried_at or at, at):
        delivery.status = AttemptStatus.FAILED
    else:
        delivery.status, delivery.due_at = AttemptStatus.PENDING, at + pause_after(delivery.attempts, 0.5)


def _letter(delivery: WebhookDelivery, endpoint: WebhookEndpoint, site: str) -> Letter:
    at = cast(dt.datetime, delivery.claimed_at)  # the real time of this try, whatever "now" a sweep has
    body = body_of(delivery.public_id, delivery.event, delivery.created_at, delivery.payload)
    return Letter(
        id=delivery.id,
        claimed_at=at,
        first_tried_at=delivery.first_tried_at or at,
        tries=delivery.attempts,
        endpoint_id=endpoint.id,
        url=endpoint.url,
        rested=endpoint.rest_until is not None,
        headers=headers_for(
            site=site,
            event=delivery.event,
            delivery_id=delivery.public_id,
            secret=secret_of(endpoint),
            sent_at=at,
            body=body,
        ),
        body=body,
    )


def _send(letters: Sequence[Letter], sender: Sender, now: dt.datetime) -> int:
    """Send side by side; only this thread speaks with the database."""
    if not letters:
        return 0
    accepted = 0
    with ThreadPoolExecutor(max_workers=len(letters), thread_name_prefix="webhook") as pool:
        on_their_way = {pool.submit(sender.post, one.url, one.headers, one.body): one for one in letters}
        for done in as_completed(on_their_way):
            crash_point("webhook_sent")
            accepted += _settle(on_their_way[done], done.result(), now)
    return accepted


def _settle(letter: Letter, answer: Answer, now: dt.datetime) -> int:
    """Write what came of one try; return 1 if the receiver has it. Endpoints are locked before deliveries."""
    kept: dict[str, Any] = {
        "response_status": answer.status,
        "response_body": answer.text,
        "error": answer.error,
        "answer_ms": answer.milliseconds,
    }
    accepted = answer.status is not None and is_accepted(answer.status)
    with transaction():
        if accepted:
            kept |= {"status": AttemptStatus.DELIVERED, "delivered_at": func.clock_timestamp()}
        else:
            log.warning("webhook_not_delivered", delivery=letter.id, tries=letter.tries, error=answer.error)
            kept |= _what_follows(letter, answer, now)
        if letter.rested and not answer.silent:
            _rest(letter, None)
        _write(letter, kept)
    return int(accepted)


def _what_follows(letter: Letter, answer: Answer, now: dt.datetime) -> dict[str, Any]:
    if answer.status == TURNED_AWAY_FOR_GOOD and turned_away(letter.endpoint_id, letter.url):
        return {"status": AttemptStatus.FAILED}
    if answer.silent:
        most = select(func.max(D.attempts)).where(D.endpoint_id == letter.endpoint_id, _under_way())
        _rest(letter, rest_after(db.session.scalar(most) or letter.tries))
    if is_over(letter.first_tried_at, max(now, letter.claimed_at)):
        log.error("webhook_given_up", delivery=letter.id, tries=letter.tries)
        return {"status": AttemptStatus.FAILED}
    pause = pause_after(letter.tries, random.random())  # noqa: S311  only spreads the load
    last_try = letter.first_tried_at + RETRIED_FOR
    return {"status": AttemptStatus.PENDING, "due_at": func.least(func.clock_timestamp() + pause, last_try)}


def _under_way() -> ColumnElement[bool]:
    return D.status.in_([AttemptStatus.PENDING, AttemptStatus.SENDING])


def _rest(letter: Letter, pause: dt.timedelta | None) -> None:
    """Leave an endpoint alone for a while, so that its silence takes no time from the others; None ends that."""
    until = None if pause is None else func.greatest(E.rest_until, func.clock_timestamp() + pause)
    db.session.execute(
        update(E)
        .where(E.id == letter.endpoint_id, E.is_active, E.url == letter.url)
        .values(rest_until=until, updated_at=E.updated_at)
        .execution_options(synchronize_session=False)
    )


def _write(letter: Letter, values: dict[str, Any]) -> None:
    db.session.execute(
        update(D)
        .where(D.id == letter.id, D.status == AttemptStatus.SENDING, D.claimed_at == letter.claimed_at)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _database_time() -> dt.datetime:
    with transaction() as session:
        return cast(dt.datetime, session.scalar(select(func.clock_timestamp())))
