"""Sending the outbox: claim a batch, commit, then each mail by itself.

A claim is a status and an instant. Whoever writes about a mail names the claim it holds; if another
sender has taken the mail over in the meantime (a lease ran out), nothing matches and nothing happens.
All instants here are the database's own clock, so that a sweep as of tomorrow takes no mail out of
the hands of a sender of today.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import structlog
from flask import current_app
from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import OperationalError

from webapp.config import Settings
from webapp.core.db import transaction
from webapp.notifications.carriers import Carrier, Line, MailCarrier, carriers
from webapp.notifications.guards import still_true
from webapp.notifications.kinds import Way
from webapp.notifications.models import Channel, DeliveryStatus, OutboxMail
from webapp.notifications.queries import still_wanted
from webapp.notifications.render import Letter
from webapp.notifications.transport import MailNotSent, NeverSent, ServerAway, Transport

log = structlog.get_logger(__name__)

BATCH = 50
RUN_SECONDS = 30.0
FIRST_PAUSE = dt.timedelta(seconds=30)
LONGEST_PAUSE = dt.timedelta(hours=4)
MOST_ATTEMPTS = 15  # with these pauses the last one comes about a day after the first
FIRST_PAUSE_AWAY = dt.timedelta(seconds=5)  # nothing was tried, nothing can be doubled: a restart is soon over
MOST_ATTEMPTS_AWAY = 18  # a day, too
JITTER = 0.1
STALE_ON_PHONES = dt.timedelta(days=1)
MARK_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


@dataclass(frozen=True, slots=True)
class Claim:
    """Our hold on one row of the outbox."""

    id: int
    claimed_at: dt.datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did: mails that left, and whether more are due but its time was over."""

    sent: int
    more: bool = False


def deliver_due(now: dt.datetime, *, transport: Transport | None = None, seconds: float = RUN_SECONDS) -> Run:
    """Send what is due at ``now``, batch after batch, for about ``seconds``.

    Any number of senders may run at once. A mail that fails waits for a later run; a channel whose
    server is away does not keep the others waiting. A given ``transport`` sends mail only.
    """
    ways = [MailCarrier(transport)] if transport else carriers(cast(Settings, current_app.config["SETTINGS"]))
    stop_at = time.monotonic() + seconds
    runs = [deliver_by(carrier, now, stop_at) for carrier in ways]
    return Run(sum(run.sent for run in runs), more=any(run.more for run in runs))


def deliver_by(carrier: Carrier, now: dt.datetime, stop_at: float) -> Run:
    """Send what is due on one channel, until the monotonic clock says ``stop_at``."""
    began = _database_time()
    sent = 0
    while claims := claim_due(now, began=began, lease=carrier.lease, channel=carrier.channel):
        try:
            with carrier.connect() as line:
                for done, claim in enumerate(claims):
                    if time.monotonic() > stop_at:
                        _release(claims[done:])
                        return Run(sent, more=True)
                    sent += _deliver(claim, line)
        except ServerAway as error:
            log.warning("mail_server_away", channel=carrier.channel.value, error=str(error))
            _retry_later(claims, str(error), away=True)
            return Run(sent)
    return Run(sent)


def claim_due(
    now: dt.datetime, *, began: dt.datetime, lease: dt.timedelta, channel: Channel = Channel.MAIL
) -> list[Claim]:
    """Take up to a batch of due mails for this process, oldest first; mails tried since ``began`` are left."""
    clock = func.clock_timestamp()
    waiting = and_(
        OutboxMail.status == DeliveryStatus.PENDING,
        or_(OutboxMail.claimed_at.is_(None), OutboxMail.claimed_at < began),
    )
    abandoned = and_(OutboxMail.status == DeliveryStatus.SENDING, OutboxMail.claimed_at < clock - lease)
    chosen = (
        select(OutboxMail.id)
        .where(OutboxMail.channel == channel)
        .where(OutboxMail.status.in_([DeliveryStatus.PENDING, DeliveryStatus.SENDING]))
        .where(OutboxMail.due_at <= now, or_(waiting, abandoned))
        .order_by(OutboxMail.due_at, OutboxMail.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .cte("chosen")  # a plain subquery may run more than once, and then lock more than its limit
    )
    take = (
        update(OutboxMail)
        .where(OutboxMail.id.in_(select(chosen.c.id)))
        .values(status=DeliveryStatus.SENDING, claimed_at=clock, attempts=OutboxMail.attempts + 1)
        .returning(OutboxMail.id, OutboxMail.claimed_at, OutboxMail.attempts)
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        rows = session.execute(take).all()
    return sorted((Claim(row.id, row.claimed_at, row.attempts) for row in rows), key=lambda claim: claim.id)


def _deliver(claim: Claim, line: Line) -> int:
    """Send one claimed mail; return 1 if it left."""
    line.make_ready()  # before the hold, which must outlast only the sending itself
    try:
        held = _hold(claim)
        if held is None:
            return 0
        claim, letter = held
        line.carry(letter)
    except NeverSent as error:
        _give_up(claim, str(error))
        return 0
    except MailNotSent as error:
        log.warning("mail_not_sent", mail=claim.id, attempts=claim.attempts, error=str(error))
        _retry_later([claim], str(error))
        return 0
    except ServerAway as error:
        _retry_later([claim], str(error), away=True)
        raise
    except OperationalError:
        raise
    except Exception as error:  # a broken template or guard must not keep the others waiting
        log.exception("mail_broken", mail=claim.id)
        _retry_later([claim], f"{type(error).__name__}: {error}")
        return 0
    _mark_sent(claim)
    return 1


def _hold(claim: Claim) -> tuple[Claim, Letter] | None:
    """Renew our hold for the time of one sending and return the mail; None if there is nothing to send.

    The guard is asked here, against the database as it is at this moment.
    """
    with transaction() as session:
        row = session.scalar(
            select(OutboxMail).where(*_ours(claim)).with_for_update().execution_options(populate_existing=True)
        )
        if row is None:
            return None
        if not (_is_timely(row, claim) and _is_wanted(row) and still_true(row)):
            row.status = DeliveryStatus.DROPPED
            log.info("mail_dropped", mail=row.id, guard=row.guard)
            return None
        renewed = session.scalars(
            update(OutboxMail)
            .where(OutboxMail.id == row.id)
            .values(claimed_at=func.clock_timestamp())
            .returning(OutboxMail.claimed_at)
            .execution_options(synchronize_session=False)
        ).one()
        at = cast(dt.datetime, renewed)
        return Claim(row.id, at, row.attempts), _letter(row, at)


def _is_timely(row: OutboxMail, claim: Claim) -> bool:
    """A phone does not ring about what happened days ago, while the channel was switched off or away."""
    return row.channel is not Channel.WHATSAPP or claim.claimed_at - row.created_at < STALE_ON_PHONES


def _is_wanted(row: OutboxMail) -> bool:
    """Whether its reader has not refused it since it was queued."""
    return row.unsubscribe_key is None or still_wanted(row.unsubscribe_key, Way(row.channel.value))


def _letter(row: OutboxMail, at: dt.datetime) -> Letter:
    return Letter(
        public_id=row.public_id,
        recipient=row.recipient,
        recipient_name=row.recipient_name,
        template=row.template,
        context=row.context,
        attachments=row.attachments,
        at=at,
        unsubscribe_key=row.unsubscribe_key,
    )


def _ours(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        OutboxMail.id == claim.id,
        OutboxMail.status == DeliveryStatus.SENDING,
        OutboxMail.claimed_at == claim.claimed_at,
    )


def _mark_sent(claim: Claim) -> None:
    """Note that the mail left. A database that is away is waited for: forgetting this sends the mail twice."""
    _insist(lambda: _write(claim, status=DeliveryStatus.SENT, sent_at=func.clock_timestamp(), last_error=None))


def _retry_later(claims: Sequence[Claim], error: str, *, away: bool = False) -> None:
    for claim in claims:
        if claim.attempts >= (MOST_ATTEMPTS_AWAY if away else MOST_ATTEMPTS):
            _give_up(claim, error)
        else:
            due_at = func.clock_timestamp() + pause_after(claim.attempts, FIRST_PAUSE_AWAY if away else FIRST_PAUSE)
            _write(claim, status=DeliveryStatus.PENDING, due_at=due_at, last_error=error[:500])


def _give_up(claim: Claim, error: str) -> None:
    log.error("mail_given_up", mail=claim.id, error=error)
    _write(claim, status=DeliveryStatus.FAILED, last_error=error[:500])


def _release(claims: Sequence[Claim]) -> None:
    for claim in claims:
        _write(claim, status=DeliveryStatus.PENDING, attempts=OutboxMail.attempts - 1)


def pause_after(attempts: int, first: dt.timedelta = FIRST_PAUSE) -> dt.timedelta:
    """Return how long to wait after so many tries: ``first`` doubled each time, at most 4 h, give or take a tenth."""
    pause: dt.timedelta = min(first * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)
    spread: float = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  only spreads the load
    return pause * spread


def _write(claim: Claim, **values: Any) -> None:
    with transaction() as session:
        session.execute(
            update(OutboxMail).where(*_ours(claim)).values(**values).execution_options(synchronize_session=False)
        )


def _insist(write: Callable[[], None]) -> None:
    for pause in MARK_PAUSES:
        try:
            return write()
        except OperationalError:
            log.warning("database_away_after_sending")
            time.sleep(pause)
    return write()


def _database_time() -> dt.datetime:
    with transaction() as session:
        return cast(dt.datetime, session.scalar(select(func.clock_timestamp())))
