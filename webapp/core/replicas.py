"""Reading from replicas: pages for visitors, where DATABASE_REPLICA_URLS names some. docs/scaling.md tells it in words.

A view declares with `may_lag` that what it shows may be some seconds old. A visitor's GET of it is then read from a
replica. Who is signed in or has just written reads the primary, and so does everything that is not declared. A replica
that fails or is too far behind is left until it has caught up; a page it failed is read again from the primary.
Connections to replicas are read-only: a stray write fails loudly.

How far a replica is behind is measured by positions in the log of changes: every second each process asks the primary
where the log ends, and the replica how much of it is in. The age of the last transaction there
(pg_last_xact_replay_timestamp) would grow on a site where nothing happens.
"""

from __future__ import annotations

import functools
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar, cast

import structlog
from flask import Flask, Response, current_app, g, has_request_context, request, session
from psycopg.errors import QueryCanceled, ReadOnlySqlTransaction
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from webapp.core.db import READ_FROM, SAFE_METHODS, db
from webapp.core.requests import is_api

log = structlog.get_logger(__name__)
P = ParamSpec("P")
Answer = TypeVar("Answer")
EXTENSION = "replicas"
MOST_LAG = 5.0  # seconds that a replica may be behind when it is looked at
LOOK_SECONDS = 1.0  # between two looks
TRUSTED_SECONDS = 3.0  # how long a look counts while the next is under way
LEFT_SECONDS = 10.0  # after this long a server that failed is asked again
SETTLED_SECONDS = 10  # what was written so long ago is on every replica that is read: MOST_LAG, TRUSTED_SECONDS, room
VISITORS_HAVE = frozenset({"csrf_token", "_fresh"})  # a session that holds more is of somebody we know
END_OF_LOG = "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
REPLAYED = "select case when pg_is_in_recovery() then pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint end"


class ChangedJustNow(Exception):
    """What is being read has changed so lately that a replica may not know: it is read again, from the primary."""


class Lag:
    """How old a replica is, by where the primary's log ended at earlier looks and how much of it has arrived."""

    def __init__(self) -> None:
        self._ends: deque[tuple[float, int]] = deque(maxlen=60)  # those that have not arrived yet, with their instants
        self._reached: float | None = None

    def note(self, now: float, end: int) -> None:
        """Take in where the primary's log ends at ``now`` (monotonic)."""
        self._ends.append((now, end))

    def seconds(self, now: float, replayed: int) -> float | None:
        """Return how old a replica is that has so much of the log; None while it was not seen to reach anything."""
        while self._ends and self._ends[0][1] <= replayed:
            self._reached = self._ends.popleft()[0]
        if self._reached is None or not self._ends:
            return None if self._reached is None else 0.0
        return now - self._reached


class Replica:
    """One replica as this process knows it."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        """Describe it; nothing connects yet. ``options``: those of the primary's engine."""
        connecting = {
            **options["connect_args"],
            "connect_timeout": 2,
            "tcp_user_timeout": 3000,
        }  # seconds; milliseconds
        connecting["options"] += " -c default_transaction_read_only=on"
        self.engine = create_engine(url, **{**options, "connect_args": connecting}, isolation_level="AUTOCOMMIT")
        self.name = str(self.engine.url.host or self.engine.url.query.get("host", ""))
        self.lag: float | None = None  # seconds at the last look, None while it is not known
        self._measure = Lag()
        self._looking = threading.Lock()
        self._next_look = self._trusted_until = 0.0  # monotonic

    def in_use(self) -> bool:
        """Whether it may be read now. Looks when it is time: one thread does, others go by the look before."""
        if time.monotonic() >= self._next_look and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()
        return time.monotonic() < self._trusted_until

    def leave(self, why: str, *, seconds: float = LEFT_SECONDS) -> None:
        """Read from elsewhere; look again after so many seconds."""
        if self._trusted_until:
            log.warning("replica_left", replica=self.name, why=why, lag=self.lag)
        self._trusted_until, self._next_look = 0.0, time.monotonic() + seconds

    def _look(self) -> None:
        now = time.monotonic()
        try:
            self._measure.note(now, _ask(db.engine, END_OF_LOG) or 0)
        except SQLAlchemyError:
            self._keep_on(now + LEFT_SECONDS)
            return
        try:
            replayed = _ask(self.engine, REPLAYED)
        except SQLAlchemyError as error:
            self.lag = None
            self.leave(str(error).splitlines()[0])
            return
        self.lag = None if replayed is None else self._measure.seconds(time.monotonic(), replayed)
        if replayed is None:
            self.leave("it is no replica")
        elif self.lag is None or self.lag > MOST_LAG:
            self.leave("behind", seconds=LOOK_SECONDS)
        else:
            if not self._trusted_until:
                log.info("replica_in_use", replica=self.name, lag=self.lag)
            self._next_look, self._trusted_until = now + LOOK_SECONDS, now + LOOK_SECONDS + TRUSTED_SECONDS

    def _keep_on(self, until: float) -> None:
        """The primary does not answer: nobody writes, so a replica that was good stays so, and visitors go on."""
        self._next_look = until
        if self._trusted_until:
            self._trusted_until = until + TRUSTED_SECONDS


def init_replicas(app: Flask, urls: Sequence[str], options: Mapping[str, Any]) -> None:
    """Make the replicas known to this app; without any, nothing here does anything."""
    if not urls:
        return
    app.extensions[EXTENSION] = ([Replica(url, options) for url in urls], itertools.count())
    name = f"{app.config['SESSION_COOKIE_NAME']}-wrote"

    @app.after_request
    def remember_who_wrote(response: Response) -> Response:
        if request.method not in SAFE_METHODS and request.cookies and not is_api():  # a browser's
            secure = app.config["SESSION_COOKIE_SECURE"]
            response.set_cookie(name, "1", SETTLED_SECONDS, secure=secure, httponly=True, samesite="Lax")
        return response


def all_replicas() -> list[Replica]:
    """Return the replicas of this app as this process knows them; none where none are named."""
    found: list[Replica] = current_app.extensions.get(EXTENSION, ([], None))[0]
    return found


def told() -> dict[str, str]:
    """Say for /readyz how many replicas this process reads from; nothing where none are named."""
    known = all_replicas()
    return {"replicas": f"{sum(one.in_use() for one in known)} of {len(known)}"} if known else {}


def may_lag(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """Declare that what a view's GET shows visitors may be some seconds old, so that a replica may be read."""

    @functools.wraps(view)
    def read(*args: P.args, **kwargs: P.kwargs) -> Answer:
        replica = _choose() if EXTENSION in current_app.extensions else None
        if replica is None:
            return view(*args, **kwargs)
        setattr(g, READ_FROM, replica.engine)
        try:
            return view(*args, **kwargs)
        except ChangedJustNow:
            pass
        except DBAPIError as error:
            _judge(error, replica)
        finally:
            g.pop(READ_FROM)
        db.session.remove()  # rows and connection are the replica's
        return view(*args, **kwargs)

    read.lags = True  # type: ignore[attr-defined]
    return read


def reading() -> bool:
    """Whether this request reads from a replica just now."""
    return has_request_context() and READ_FROM in g


def _choose() -> Replica | None:
    """Return the replica whose turn it is; None where the primary is to be read."""
    if request.method not in SAFE_METHODS or not _is_visitor():
        return None
    known, turns = cast("tuple[list[Replica], itertools.count[int]]", current_app.extensions[EXTENSION])
    first = next(turns) % len(known)
    return next((one for one in known[first:] + known[:first] if one.in_use()), None)


def _is_visitor() -> bool:
    """Nobody is known by session, token or key, and this browser wrote nothing in the last seconds."""
    wrote = f"{current_app.config['SESSION_COOKIE_NAME']}-wrote" in request.cookies
    named = "Authorization" in request.headers or "X-API-Key" in request.headers
    return not wrote and not named and VISITORS_HAVE.issuperset(session)


def _judge(error: DBAPIError, replica: Replica) -> None:
    """Leave a replica that is away. That it ends a statement because a change must be played in is no reason to.

    Raises:
        DBAPIError: the fault is the statement's own, and it would be no other on the primary.
    """
    if isinstance(error.orig, QueryCanceled | ReadOnlySqlTransaction):
        raise error
    if error.connection_invalidated or getattr(error.orig, "sqlstate", None) is None:
        replica.leave(str(error.orig).splitlines()[0])


def _ask(engine: Engine, question: str) -> int | None:
    with engine.connect() as connection:
        found: int | None = connection.scalar(text(question))
        return found
