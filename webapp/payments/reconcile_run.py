"""The admins' "Reconcile now" as a job: what it is at and what it found, for the page that started it.

The state is a hint in Redis with an end; the orders themselves are the truth. One run at a time.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass

import structlog
from redis.exceptions import RedisError
from sqlalchemy import func, select

from webapp.core import clock
from webapp.core.db import db
from webapp.core.ids import new_public_id
from webapp.core.jobs import enqueue, get_redis, job
from webapp.payments import flows
from webapp.payments.gateways import GatewayError
from webapp.payments.models import Order, OrderStatus
from webapp.payments.rules import OPEN_ORDERS

JOB = "webapp.payments.reconcile_run.run_job"
KEPT = 3600  # seconds
RUNNING = "reconcile:running"
ORDERS_A_JOB = 25  # then another job goes on: none outlives its limit
SILENT_AFTER = dt.timedelta(minutes=4)
AWAY = "The payment gateway is not answering. What was asked so far is settled; try again in a moment."
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Run:
    """One run: how many orders there were to ask about, how many were, what became of them."""

    token: str
    total: int
    asked: int = 0
    paid: int = 0
    ended: int = 0
    refused: int = 0
    after: int = 0
    done: bool = False
    problem: str = ""
    at: str = ""

    def is_lost(self, now: dt.datetime) -> bool:
        """Whether nothing was heard of it for minutes: its worker is gone."""
        return not self.done and dt.datetime.fromisoformat(self.at) + SILENT_AFTER < now


def start_run(now: dt.datetime) -> Run | None:
    """Start asking the gateway about all open orders, or return the run under way; None if the queue is away."""
    try:
        if (found := _under_way()) and not found.done and not found.is_lost(now):
            return found
        total = db.session.scalar(select(func.count()).where(Order.status.in_(OPEN_ORDERS), Order.amount > 0)) or 0
        run = Run(new_public_id("run"), total, at=now.isoformat())
        _save(run, now)
        get_redis().set(RUNNING, run.token, ex=KEPT)
    except (RedisError, OSError) as error:
        log.warning("reconcile_not_started", error=str(error))
        return None
    return run if enqueue(JOB, run.token) else None


def _under_way() -> Run | None:
    token = get_redis().get(RUNNING)
    return read_run(token.decode()) if isinstance(token, bytes) else None


def read_run(token: str) -> Run | None:
    """Return a run by its token, None when it is not known (any more)."""
    try:
        raw = get_redis().get(f"reconcile:{token[:40]}")
    except (RedisError, OSError):
        return None
    return Run(**json.loads(raw)) if raw else None


@job
def run_job(token: str) -> None:
    """Ask about the next orders of a run; start the next job if there are more."""
    run = read_run(token)
    if run is None or run.done:
        return
    ids = _next_orders(run.after)
    for pk in ids:
        now = clock.now()
        try:
            _ask(run, pk, now)
        except GatewayError as error:
            if error.temporary:
                run.problem, run.done = AWAY, True
                break
            run.refused += 1
        run.after, run.asked = pk, run.asked + 1
        _save(run, now)
    run.done = run.done or len(ids) < ORDERS_A_JOB
    _save(run, clock.now())
    if not run.done:
        enqueue(JOB, token)


def _ask(run: Run, order_pk: int, now: dt.datetime) -> None:
    before = _status(order_pk)
    flows.reconcile_order(order_pk, now)
    after = _status(order_pk)
    if after is not before:
        run.paid += after is OrderStatus.PAID
        run.ended += after is OrderStatus.EXPIRED


def _status(order_pk: int) -> OrderStatus | None:
    return db.session.scalar(select(Order.status).where(Order.id == order_pk))


def _next_orders(after: int) -> list[int]:
    wanted = select(Order.id).where(Order.status.in_(OPEN_ORDERS), Order.amount > 0, Order.id > after)
    return list(db.session.scalars(wanted.order_by(Order.id).limit(ORDERS_A_JOB)))


def _save(run: Run, now: dt.datetime) -> None:
    run.at = now.isoformat()
    get_redis().set(f"reconcile:{run.token}", json.dumps(asdict(run)), ex=KEPT)
