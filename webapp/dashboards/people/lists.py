"""The list of accounts: filters, pages, the file."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from webapp.accounts.models import Role, User
from webapp.core.csv_export import Cell, moment_cell
from webapp.core.db import db
from webapp.core.pagination import Page, paginate
from webapp.core.textsearch import matches, prefix_query
from webapp.exports.reading import stream_rows
from webapp.exports.registry import Params, register_export

NAMES = ("q", "role", "state", "verified")
LONGEST = 80
HEADER = (
    "Account", "Name", "Mail", "Phone", "Role", "State", "Verified", "Since", "Time zone", "Deactivated", "Why",
)  # fmt: skip


class State(enum.StrEnum):
    """Whether an account may be used."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What the list is narrowed to; an empty part narrows nothing."""

    text: str = ""
    role: Role | None = None
    state: State | None = None
    verified: bool | None = None


def read_asked(values: Mapping[str, str]) -> dict[str, str]:
    """Return what an address asks for, without what is empty."""
    found = {name: values.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in NAMES}
    return {name: value for name, value in found.items() if value}


def read_filter(asked: Mapping[str, str]) -> PeopleFilter:
    """Return the filter; a word that means nothing narrows nothing."""
    role, state = asked.get("role"), asked.get("state")
    return PeopleFilter(
        text=asked.get("q", ""),
        role=Role(role) if role in list(Role) else None,
        state=State(state) if state in list(State) else None,
        verified={"yes": True, "no": False}.get(asked.get("verified", "")),
    )


def state_of(user: User) -> State:
    """Return whether an account may be used."""
    if user.erased_at is not None:
        return State.ERASED
    return State.ACTIVE if user.active else State.DEACTIVATED


def people_page(filters: PeopleFilter, page: int = 1) -> Page[User]:
    """Return one page of accounts, the newest first; two statements."""
    return paginate(db.session(), _narrowed(select(User), filters).order_by(User.id.desc()), page=page)


def people_for_programs(filters: PeopleFilter, *, active: bool | None, page: int, limit: int) -> Page[User]:
    """Return a page of accounts, the newest first, whether or not they may be used; two statements."""
    wanted = _narrowed(select(User), filters)
    if active is not None:
        wanted = wanted.where(User.active.is_(active))
    return paginate(db.session(), wanted.order_by(User.id.desc()), page=page, limit=limit)


def _narrowed(wanted: Select[Any], filters: PeopleFilter) -> Select[Any]:
    if filters.role is not None:
        wanted = wanted.where(User.role == filters.role)
    if filters.state is State.ACTIVE:
        wanted = wanted.where(User.active)
    elif filters.state is State.DEACTIVATED:
        wanted = wanted.where(~User.active, User.erased_at.is_(None))
    elif filters.state is State.ERASED:
        wanted = wanted.where(User.erased_at.is_not(None))
    if filters.verified is not None:
        wanted = wanted.where(
            User.email_verified_at.is_not(None) if filters.verified else User.email_verified_at.is_(None)
        )
    if prefix_query(filters.text):
        wanted = wanted.where(matches(User.search, filters.text))
    return wanted


def register_people_file() -> None:
    """Offer the list as a file; harmless to repeat."""
    register_export("users", title="Users", filename="users.csv", header=HEADER, count=_count, rows=_rows)


def _count(params: Params) -> int:
    filters = read_filter(read_asked(params))
    return db.session.scalar(_narrowed(select(func.count(User.id)), filters)) or 0


def _rows(params: Params, zone: str) -> Iterator[tuple[Cell, ...]]:
    wanted = _narrowed(select(User), read_filter(read_asked(params))).order_by(User.id.desc())
    for user in stream_rows(wanted):
        yield (
            user.public_id,
            user.name,
            user.email,
            user.phone or "",
            user.role.value,
            state_of(user).value,
            moment_cell(user.email_verified_at, zone),
            moment_cell(user.created_at, zone),
            user.zone,
            moment_cell(user.deactivated_at, zone),
            user.deactivated_reason or "",
        )
