"""Database base, column types and the one transaction a door opens.

Read-only requests run in autocommit: on a page of slots, BEGIN and ROLLBACK were most of what
the database did. A write is possible only inside `transaction()`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
from collections.abc import Callable, Iterator
from typing import Any

from flask import g, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import BigInteger, DateTime, Engine, Enum, MetaData, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, registry

from webapp.core.errors import error_for_constraint
from webapp.core.ids import new_public_id

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READ_FROM = "read_from"  # in g: the engine of the replica that this GET is read from (core/replicas.py)


class Base(DeclarativeBase):
    """Base of every table. Types are mapped in an explicit registry (Flask-SQLAlchemy needs it so)."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={dt.datetime: DateTime(timezone=True), dict[str, Any]: JSONB, list[Any]: JSONB},
    )


class HouseSession(FlaskSession):
    """Sends the reads of a GET to an autocommit engine, maybe a replica's; everything else to the ordinary one."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        """Return the engine (or, in tests, the connection) for this piece of work."""
        bind = super().get_bind(*args, **kwargs)
        if isinstance(bind, Engine) and _reads_only() and not self.info.get("writing"):
            return g.get(READ_FROM) or _autocommit(bind)
        return bind


def _reads_only() -> bool:
    return has_request_context() and request.method in SAFE_METHODS


def _autocommit(engine: Engine) -> Engine:
    cached: dict[int, Engine] = _autocommit_engines
    if id(engine) not in cached:
        cached[id(engine)] = engine.execution_options(isolation_level="AUTOCOMMIT")
    return cached[id(engine)]


_autocommit_engines: dict[int, Engine] = {}

db = SQLAlchemy(
    model_class=Base,
    session_options={"class_": HouseSession, "join_transaction_mode": "create_savepoint"},
)


def str_enum(kind: type[enum.StrEnum], name: str) -> Enum:
    """Return a column type for a StrEnum: text plus a CHECK called ``ck_<table>_<name>``."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


class IdMixin:
    """A bigint primary key, for inside use only."""

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class TimesMixin:
    """When a row was made and last changed (UTC, by the database's clock)."""

    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


def public_id_column(prefix: str) -> Mapped[str]:
    """Return a unique column holding a random id such as ``pkg_…`` for use outside."""
    return mapped_column(String(40), unique=True, default=lambda: new_public_id(prefix))


@contextlib.contextmanager
def transaction(*, joinable: bool = False) -> Iterator[Session]:
    """Run one use-case as one transaction; only doors call this.

    Commits when the block ends, rolls back when it raises. A violated constraint that a feature
    has claimed comes out as its DomainError. What `after_commit` collected runs afterwards.
    A ``joinable`` one takes a door's own `transaction()` in: both stand or fall together.

    Raises:
        RuntimeError: opened inside another one, or in a request that may only read.
    """
    session = db.session()
    if session.info.pop("joinable", False):
        yield session
        session.flush()
        return
    if session.info.get("writing"):
        raise RuntimeError("transaction() inside transaction(): a door opens exactly one")
    if _reads_only():
        raise RuntimeError("a GET never changes anything")
    session.info["writing"], session.info["after_commit"], session.info["scratch"] = True, [], {}
    session.info["joinable"] = joinable
    try:
        yield session
        for hook in _before_commit:
            hook(session)
        session.commit()
    except IntegrityError as error:
        session.rollback()
        diagnosis = getattr(error.orig, "diag", None)
        known = error_for_constraint(getattr(diagnosis, "constraint_name", None))
        if known is None:
            raise
        raise known from error
    except BaseException:
        session.rollback()
        raise
    finally:
        for note in ("writing", "scratch", "joinable"):
            session.info.pop(note, None)
        callbacks = session.info.pop("after_commit", [])
    for callback in callbacks:
        callback()


_before_commit: list[Callable[[Session], None]] = []


def register_before_commit(hook: Callable[[Session], None]) -> None:
    """Run ``hook`` at the end of every transaction a door opens, inside it: what it writes stands or falls with it."""
    if hook not in _before_commit:
        _before_commit.append(hook)


def scratch() -> dict[str, Any] | None:
    """Return notes that live as long as the transaction a door has opened; None outside one."""
    notes: dict[str, Any] | None = db.session().info.get("scratch")
    return notes


def after_commit(callback: Callable[[], None]) -> None:
    """Run ``callback`` once the surrounding transaction is committed (never if it rolls back).

    For hints only (wake a worker, bump a version): the row in the database is the truth, so a
    crash between commit and callback loses nothing. A callback must not raise.
    """
    pending = db.session().info.get("after_commit")
    if pending is None:
        raise RuntimeError("after_commit() outside transaction()")
    pending.append(callback)


def lock_for_update(session: Session, model: type[Base], primary_key: int) -> Any:
    """Re-read one row under its row lock; foreign keys to it may still be inserted meanwhile."""
    return session.get(model, primary_key, with_for_update={"key_share": True}, populate_existing=True)
