"""Pieces of pages, and what they are worked out from, kept in each process while nothing they show has changed.

    def read_times(counsellor_id: int, zone: str, *, now: dt.datetime) -> Times:
        return kept(
            "times",                                       # what it is
            (counsellor_id, zone, minute_of(now)),         # all that it depends on besides rows
            [rows_key(Counsellor, counsellor_id)],         # the rows it is made of
            lambda: _read_times(counsellor_id, zone, now=now),
            now=now,
        )

Rows are named by keys: `rows_key(User, 7)` stands for all that belongs to that user. A key has a version in Redis: a
random word, written anew right after the commit of every transaction that changed such rows. `follow` says which
rows belong to which keys; the one list of them is webapp/followed.py. It sees what the session flushes; a statement
that bypasses the session calls `changed` itself (tests/test_followed.py lists them). All versions that a page wants
are read in one question (`know` asks ahead for several pieces), and before the rows: what changes meanwhile makes
the piece old, never the other way round.

What holds:
- A piece is used only while all its versions are as they were when it was made, for `SECONDS` at most: that bounds
  what a process can show that died between commit and word to Redis. It may end sooner: ``until``.
- Nothing is kept, or taken from what was kept, in a request that may write, outside a request, while Redis is away.
  While a version is so new that a replica may be older, the page is read from the primary (core/replicas.py).
- Where the app is mounted is part of every key. A piece that people share holds nobody's name, token or nonce.
- With CHECK_KEPT_PIECES in the app's config (the tests) every piece that would be used is made again and compared.
- Who uses a piece must not change it. Rows in it belong to no session (`apart`).
"""

from __future__ import annotations

import datetime as dt
import random
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import structlog
from flask import Flask, current_app, g, has_app_context, has_request_context, request
from redis.exceptions import RedisError
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import manager_of_class

from webapp.core import clock
from webapp.core.db import SAFE_METHODS, Base, HouseSession, after_commit, scratch
from webapp.core.jobs import get_redis
from webapp.core.replicas import SETTLED_SECONDS, ChangedJustNow, reading

log = structlog.get_logger(__name__)
T = TypeVar("T")
Row = TypeVar("Row", bound=Base)
SECONDS = 30.0  # how long a piece is kept at most
MOST = 8000  # pieces a process, the longest unused forgotten first
VERSION_SECONDS = 3600  # much longer than any piece: a version may be forgotten only when no piece knows it
EXTENSION, CHECK = "pieces", "CHECK_KEPT_PIECES"
ALL = "all"  # everything kept is made of these rows, too
_PREFIX, _LIVE = "rows:", "live:"
_CHANGED, _KNOWN = "changed_rows", "known_versions"  # in the notes of a transaction; in g


class PieceOutOfDate(AssertionError):
    """A kept piece is not what would be made now: a writer forgot to say so (only with CHECK_KEPT_PIECES)."""


@dataclass(frozen=True, slots=True)
class _Piece:
    versions: tuple[str, ...]
    made: dt.datetime
    until: dt.datetime | None
    dies: float  # monotonic
    value: Any


class Pieces:
    """What a process keeps."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, _Piece] = OrderedDict()
        self.numbers: dict[str, int] = {}  # public id → primary key, which never changes

    def find(self, key: Hashable, versions: tuple[str, ...], now: dt.datetime) -> _Piece | None:
        """Return the piece if it is still good."""
        with self._lock:
            piece = self._found.get(key)
            if piece is None:
                return None
            self._found.move_to_end(key)
        if piece.versions != versions or time.monotonic() > piece.dies:
            return None
        if now < piece.made or (piece.until is not None and now >= piece.until):
            return None
        return piece

    def keep(self, key: Hashable, piece: _Piece) -> None:
        """Keep a piece instead of any before it."""
        with self._lock:
            self._found[key] = piece
            self._found.move_to_end(key)
            now = time.monotonic()
            while len(self._found) > self._most or next(iter(self._found.values())).dies < now:
                self._found.popitem(last=False)  # the longest unused: nearly always the first to die, too

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._found.clear()
            self.numbers.clear()


def init_pieces(app: Flask, *, check: bool) -> None:
    """Give this app its pieces; ``check``: make each again whenever it would be used, and compare."""
    app.config[CHECK] = check
    app.extensions[EXTENSION] = Pieces()
    if not event.contains(HouseSession, "after_flush", _look):
        event.listen(HouseSession, "after_flush", _look)


def kept(
    name: str,
    depends: tuple[Hashable, ...],
    rows: Sequence[str],
    make: Callable[[], T],
    *,
    now: dt.datetime,
    until: Callable[[T], dt.datetime | None] | None = None,
    facts: Callable[[T], object] | None = None,
) -> T:
    """Return what ``make`` makes, from before if it is certain that it would make the same now.

    Args:
        name: of the kind of piece.
        depends: everything that ``make`` goes by, apart from rows and from ``now`` within its minute (`minute_of`).
        rows: the keys of all rows that ``make`` reads.
        until: from which instant on the piece says something else although no row changed.
        facts: what of a piece is compared when it is checked; needed where equal ones are not ``==``, such as rows.

    Raises:
        PieceOutOfDate: only with CHECK_KEPT_PIECES.
    """
    rows = (*rows, ALL)
    versions = know(*rows)
    if versions is None:
        return make()
    pieces = cast(Pieces, current_app.extensions[EXTENSION])
    key = (name, request.script_root, depends, rows)
    piece = pieces.find(key, versions, now)
    if piece is not None:
        if current_app.config.get(CHECK):
            _check(name, piece, make(), rows, facts)
        return cast(T, piece.value)
    value = make()
    ends = until(value) if until is not None else None
    pieces.keep(key, _Piece(versions, now, ends, time.monotonic() + SECONDS, value))
    return value


def kept_each(
    name: str,
    ids: Sequence[int],
    row: Callable[[int], str],
    make: Callable[[Sequence[int]], Mapping[int, tuple[T, dt.datetime]]],
    *,
    now: dt.datetime,
) -> dict[int, T]:
    """Return what ``make`` makes of every id, from before for all whose rows are as they were: for long lists.

    Args:
        row: the key of the rows that one id's is made of.
        make: makes those that are missing, all at once; each with the instant from which on it may be another.
    """
    versions = know(ALL, *(row(one) for one in ids))
    if versions is None:
        return {one: value for one, (value, _until) in make(ids).items()}
    everything, *own = versions
    pieces, root = cast(Pieces, current_app.extensions[EXTENSION]), request.script_root
    keys = {one: (name, root, one) for one in ids}
    marks = {one: (everything, version) for one, version in zip(ids, own, strict=True)}
    found = {one: piece for one in ids if (piece := pieces.find(keys[one], marks[one], now)) is not None}
    missing = [one for one in ids if one not in found]
    check = current_app.config.get(CHECK)
    made = make(ids if check else missing) if missing or check else {}
    if check:
        for one, piece in found.items():
            _check(name, piece, made[one][0], (ALL, row(one)), None)
    dies = time.monotonic() + SECONDS * (0.5 + random.random() / 2)  # noqa: S311  not all of them at once
    for one in missing:
        value, until = made[one]
        pieces.keep(keys[one], _Piece(marks[one], now, until, dies, value))
    return {one: found[one].value if one in found else made[one][0] for one in ids}


def know(*rows: str) -> tuple[str, ...] | None:
    """Return the versions of these rows, asking Redis once a request for each; None where nothing may be kept.

    Raises:
        ChangedJustNow: to a page that is read from a replica, which may not have what a version stands for.
    """
    if not has_request_context() or request.method not in SAFE_METHODS:
        return None
    known: dict[str, str] | None = g.setdefault(_KNOWN, {})
    if known is None:
        return None
    missing = [key for key in rows if key not in known]
    if missing:
        try:
            known.update(_ask(missing))
        except (RedisError, OSError):
            setattr(g, _KNOWN, None)  # away: nothing more is asked for this page
            return None
    if reading() and any(_changed_lately(known[key]) for key in rows):
        raise ChangedJustNow
    return tuple([known[key] for key in rows])


def known_version(key: str) -> str | None:
    """Return a version that this request knows already ("" for one that never changed), None where it does not."""
    known: dict[str, str] | None = g.get(_KNOWN) if has_request_context() else None
    return known.get(key) if known else None


def rows_key(model: type[Base] | str, primary_key: int) -> str:
    """Return the key of all that belongs to one row of a table (the model, or the table's name)."""
    return f"{model if isinstance(model, str) else model.__tablename__}:{primary_key}"


def table_key(model: type[Base]) -> str:
    """Return the key of a whole table."""
    return str(model.__tablename__)


def live_key(name: str) -> str:
    """Return the key of what open pages watch under this name (core/live.py, which alone changes it)."""
    return _LIVE + name


def minute_of(now: dt.datetime) -> tuple[dt.datetime, bool]:
    """Return what tells two instants apart whose answers may differ: the minute, and whether it begins just now.

    Whatever begins or ends at whole minutes is the same all along one.
    """
    begun = now.replace(second=0, microsecond=0)
    return begun, begun == now


def number_of(public_id: str) -> int | None:
    """Return the primary key behind a public id, None where this process has not met it: keys of rows need it."""
    return cast(Pieces, current_app.extensions[EXTENSION]).numbers.get(public_id)


def remember_number(public_id: str, primary_key: int) -> None:
    """Note a primary key for `number_of`."""
    numbers = cast(Pieces, current_app.extensions[EXTENSION]).numbers
    if len(numbers) >= MOST:
        numbers.clear()
    numbers[public_id] = primary_key


def apart(row: Row) -> Row:
    """Return a copy of a row that belongs to no session, so that it can be kept: its columns, none of its relations.

    It cannot load anything: what it does not hold raises DetachedInstanceError.
    """
    copy = manager_of_class(type(row)).new_instance()
    copy.__dict__.update(columns_of(row) or {})
    make_transient_to_detached(copy)
    return copy


def columns_of(row: Base | None) -> dict[str, Any] | None:
    """Return what a row holds, to compare it (``facts`` of a kept row)."""
    if row is None:
        return None
    return {name: value for name, value in row.__dict__.items() if name in inspect(row).mapper.column_attrs}


# ── who changes rows ───────────────────────────────────────────────────────────────────────────

Keys = Callable[[Any], Iterable[str | None]]
_followed: dict[type[Base], Keys] = {}


def follow(model: type[Base], keys: Keys) -> None:
    """Say to which keys the rows of a table belong; whoever changes one through the session changes all of these."""
    _followed[model] = keys


def changed(*rows: str) -> None:
    """Make every piece of these rows old once the surrounding transaction is committed (outside one: at once)."""
    notes = scratch()
    if notes is None:
        changed_now(*rows)
        return
    known: set[str] | None = notes.get(_CHANGED)
    if known is None:
        known = notes[_CHANGED] = set()
        after_commit(lambda: changed_now(*known))
    known.update(rows)


def changed_now(*rows: str) -> None:
    """Make every piece of these rows old; a dead Redis is only logged: nothing is used while it is away."""
    word = f"{int(clock.now().timestamp())}.{secrets.token_hex(6)}"
    try:
        pipe = get_redis().pipeline(transaction=False)
        for key in rows:
            pipe.set(_PREFIX + key, word, ex=VERSION_SECONDS)
        pipe.execute()
    except (RedisError, OSError) as error:
        log.warning("changed_rows_not_told", rows=len(rows), error=str(error))


def _look(session: Session, _context: Any) -> None:
    keys: set[str] = set()
    for rows in (session.new, session.dirty, session.deleted):
        for row in rows:
            if (belongs := _followed.get(type(row))) is not None:
                keys.update(key for key in belongs(row) if key is not None)
    if keys and has_app_context():
        changed(*keys)


# ── reading and checking ───────────────────────────────────────────────────────────────────────


def _ask(rows: Sequence[str]) -> dict[str, str]:
    names = [key if key.startswith(_LIVE) else _PREFIX + key for key in rows]
    found = cast("list[bytes | None]", get_redis().mget(names))
    return {key: raw.decode() if raw is not None else "" for key, raw in zip(rows, found, strict=True)}


def _changed_lately(version: str) -> bool:
    """Tell by a version's first part whether some replica that is read from may not know yet what it stands for."""
    since, _, _ = version.partition(".")
    return since.isdecimal() and clock.now().timestamp() - int(since) < SETTLED_SECONDS


def _check(name: str, piece: _Piece, fresh: T, rows: Sequence[str], facts: Callable[[T], object] | None) -> None:
    was, is_now = (piece.value, fresh) if facts is None else (facts(piece.value), facts(fresh))
    if was == is_now:
        return
    for _ in range(20):  # between another's commit and its word to Redis lies a moment
        found = _ask(rows)
        if tuple(found[key] for key in rows) != piece.versions:
            return
        time.sleep(0.05)
    raise PieceOutOfDate(f"{name} of {', '.join(rows)}: kept {was!r}, but it is {is_now!r}")
