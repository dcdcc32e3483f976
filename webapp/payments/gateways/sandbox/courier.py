"""Brings the sandbox's webhooks: signed, over HTTP, again and again until the shop answers 2xx or a day has passed.

Razorpay's rules: the shop has five seconds, any other answer than 2xx is a failure, failures are repeated at
growing distances for 24 hours, and the order of arrival is not promised.
"""

from __future__ import annotations

import json
from typing import Any

import requests
import structlog
from flask import current_app

from webapp.core import clock
from webapp.core.jobs import hint, job
from webapp.payments.gateways.sandbox.account import ACCOUNT_ID, Account
from webapp.payments.gateways.sandbox.books import Page, Parcel, new_id

log = structlog.get_logger(__name__)
DELIVER_JOB = "webapp.payments.gateways.sandbox.courier.deliver_webhooks"
TIME_LIMITS = (2.0, 5.0)  # to connect, to answer; seconds
LEASE_SECONDS = 30.0
PAUSES = (5.0, 15.0, 60.0, 300.0, 1800.0, 3600.0)  # then the last one again
DAY_SECONDS = 24 * 3600.0
TRIES = 40
BATCH = 200
NO_ANSWER = 0
GIVE_UP_AFTER = 3  # failures in a row: the shop is away, the next sweep tries again


def pack(event: str, things: dict[str, dict[str, Any]], at: int) -> bytes:
    """Return the body of a webhook that tells of ``things`` (payment, order, refund → entity)."""
    body = {
        "entity": "event",
        "account_id": ACCOUNT_ID,
        "event": event,
        "contains": list(things),
        "payload": {name: {"entity": thing} for name, thing in things.items()},
        "created_at": at,
    }
    return json.dumps(body, separators=(",", ":")).encode()


def subject(event: str, things: dict[str, dict[str, Any]]) -> str:
    """Return the id of the thing that an event is about."""
    kind = event.partition(".")[0]
    return str((things.get(kind) or next(iter(things.values())))["id"])


def post(page: Page, account: Account, event: str, at: int, **things: dict[str, Any]) -> str:
    """Put a webhook out for delivery; return its event id. Call `wake` once the books are closed."""
    event_id, body = new_id("evt"), pack(event, things, at)
    page.post(
        event_id=event_id,
        event=event,
        thing_id=subject(event, things),
        body=body,
        signature=account.sign_webhook(body),
        at=at,
        tries=TRIES,
    )
    return event_id


def wake() -> None:
    """Have what is due delivered soon; the sweep finds it otherwise."""
    hint(DELIVER_JOB)


@job
def deliver_webhooks() -> int:
    """Deliver what is due now; return how many webhooks the shop took."""
    account = Account.of(current_app.config["SETTINGS"])
    taken, failures = 0, 0
    with requests.Session() as line:
        line.trust_env = False  # to ourselves, never through somebody's proxy
        for _ in range(BATCH):
            parcel = _take(account) if failures < GIVE_UP_AFTER else None
            if parcel is None:
                break
            answer = _deliver(line, account, parcel)
            taken += _fine(answer)
            failures = failures + 1 if answer in {NO_ANSWER, 502, 503, 504} else 0
    return taken


def _take(account: Account) -> Parcel | None:
    at = clock.now().timestamp()
    with account.books.open() as page:
        return page.take(at, at + LEASE_SECONDS)


def _deliver(line: requests.Session, account: Account, parcel: Parcel) -> int:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Razorpay-Webhook/v1",
        "X-Razorpay-Signature": parcel.signature,
        "x-razorpay-event-id": parcel.event_id,
    }
    try:
        answer = line.post(
            account.webhook_url, data=parcel.body, headers=headers, timeout=TIME_LIMITS, allow_redirects=False
        ).status_code
    except requests.RequestException:
        answer = NO_ANSWER
    next_at = None if _fine(answer) else _next_try(parcel)
    with account.books.open() as page:
        page.settle(parcel.number, answer=answer, next_at=next_at)
    if not _fine(answer):
        log.info("sandbox_webhook_not_taken", event_id=parcel.event_id, answer=answer, again=next_at is not None)
    return answer


def _fine(answer: int) -> bool:
    return 200 <= answer < 300


def _next_try(parcel: Parcel) -> float | None:
    at = clock.now().timestamp()
    if parcel.attempts >= parcel.tries or at > parcel.made_at + DAY_SECONDS:
        return None
    return at + PAUSES[min(parcel.attempts, len(PAUSES)) - 1]
