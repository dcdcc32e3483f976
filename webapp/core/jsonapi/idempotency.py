"""Asking twice acts once: the first answer under an Idempotency-Key is given again for a day.

Most use-cases are one transaction: the key is claimed in it and the answer kept in it, so a crash leaves either
all or nothing, and a twin waits on the unique key until it sees which. A use-case that calls the gateway between
two transactions claims the key first; left behind by a crash, the claim falls after a minute, and the use-case
itself finds what it had begun.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Literal

import structlog
from flask import Response, current_app, g, request
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from webapp.core.db import db, transaction
from webapp.core.errors import Conflict, ValidationFailed
from webapp.core.jsonapi.models import IdempotencyKey
from webapp.core.limits import address_key
from webapp.core.sealing import SealBroken, seal, unseal

log = structlog.get_logger(__name__)
HEADER = "Idempotency-Key"
LASTS = dt.timedelta(hours=24)
CLAIM_LASTS = dt.timedelta(seconds=60)
LONGEST_KEY = 200
PURPOSE = "idempotency"
Manner = Literal["joined", "gateway"]

_owner: list[Callable[[], str | None]] = []


def who_asks(reader: Callable[[], str | None]) -> None:
    """Say how the caller is found: "user:…" or "key:…", None where nobody is signed in."""
    _owner[:] = [reader]


def once(manner: Manner | None, work: Callable[[], Response]) -> Response:
    """Run ``work``, or give its first answer again.

    Raises:
        Conflict: the key was used for something else, or its first request is still being worked on.
        ValidationFailed: the key is no key.
    """
    key = request.headers.get(HEADER)
    if key is None or manner is None:
        return work()
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable() or not key.isascii():
        raise ValidationFailed(fields={HEADER: f"Use 1 to {LONGEST_KEY} printable ASCII characters."})
    return _joined(key, work) if manner == "joined" else _around_gateway(key, work)


def forget_old_keys(*, now: dt.datetime) -> int:
    """Delete the answers older than a day; returns how many."""
    gone = db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.claimed_at < now - LASTS))
    return int(getattr(gone, "rowcount", 0))


def _joined(key: str, work: Callable[[], Response]) -> Response:
    with transaction(joinable=True):
        claim = _claim(key)
        if claim is None:
            return _again(key)
        response = work()
        _keep(claim, response)
        return response


def _around_gateway(key: str, work: Callable[[], Response]) -> Response:
    with transaction():
        claim = _claim(key)
        if claim is None:
            claim = g.taken_over = _take_over(key)  # the view looks for what its first try left
    if claim is None:
        return _again(key)
    try:
        response = work()
    except BaseException:
        with transaction():
            db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.id == claim))
        raise
    with transaction():
        _keep(claim, response)
    return response


def _claim(key: str) -> int | None:
    """Insert the key and return its id; None if it is there (a twin under way is waited for)."""
    mine = (IdempotencyKey.owner == _asker(), IdempotencyKey.key == key)
    db.session.execute(delete(IdempotencyKey).where(*mine, IdempotencyKey.claimed_at < g.now - LASTS))
    values = {"owner": _asker(), "key": key, "request_hash": _request_hash(), "claimed_at": g.now}
    row = insert(IdempotencyKey).values(values).on_conflict_do_nothing().returning(IdempotencyKey.id)
    return db.session.scalar(row)


def _take_over(key: str) -> int | None:
    """Return the id of a claim that its request left behind."""
    stale = (
        update(IdempotencyKey)
        .where(
            IdempotencyKey.owner == _asker(),
            IdempotencyKey.key == key,
            IdempotencyKey.request_hash == _request_hash(),
            IdempotencyKey.status.is_(None),
            IdempotencyKey.claimed_at < g.now - CLAIM_LASTS,
        )
        .values(claimed_at=g.now)
        .returning(IdempotencyKey.id)
    )
    return db.session.scalar(stale)


def _again(key: str) -> Response:
    row = db.session.scalar(select(IdempotencyKey).where(IdempotencyKey.owner == _asker(), IdempotencyKey.key == key))
    if row is None or (row.status is None and row.request_hash == _request_hash()):
        raise Conflict("The first request with this Idempotency-Key is still being worked on. Ask again in a moment.")
    if row.request_hash != _request_hash():
        raise Conflict("This Idempotency-Key was used for another request. Use a new one.")
    response: Response = current_app.response_class(_opened(row), status=row.status, mimetype="application/json")
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _opened(row: IdempotencyKey) -> str:
    try:
        return unseal(row.answer or "", purpose=PURPOSE)
    except SealBroken:
        log.error("kept_answer_unreadable", key_id=row.id)
        raise Conflict(
            "The first request with this Idempotency-Key was done; its answer can't be shown again."
        ) from None


def _keep(claim: int, response: Response) -> None:
    if response.status_code >= 400:  # nothing was done: the next try with this key may do it
        db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.id == claim))
        return
    answer = seal(response.get_data(as_text=True), purpose=PURPOSE)
    db.session.execute(
        update(IdempotencyKey).where(IdempotencyKey.id == claim).values(status=response.status_code, answer=answer)
    )


def _asker() -> str:
    who = _owner[0]() if _owner else None
    return who or f"address:{address_key(request.remote_addr)}"


def _request_hash() -> str:
    """Return what makes two requests the same: method, path and the body's meaning, not its spacing."""
    body = request.get_json(silent=True)
    plain = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(f"{request.method} {request.path}\n{plain}".encode("utf-8", "replace")).hexdigest()
