"""One way to cut a list into pages: `page` from 1, `limit` default 20 and at most 100."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

T = TypeVar("T")
DEFAULT_LIMIT = 20
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, with what is needed to walk on."""

    items: Sequence[T]
    total: int
    page: int
    limit: int

    @property
    def pages(self) -> int:
        """How many pages there are (at least 1)."""
        return max(1, -(-self.total // self.limit))

    @property
    def has_next(self) -> bool:
        """Whether a later page exists."""
        return self.page < self.pages

    @property
    def has_prev(self) -> bool:
        """Whether an earlier page exists."""
        return self.page > 1


def read_page(value: str | None) -> int:
    """Return the page number of a URL; anything unreadable is the first page."""
    return int(value) if value and value.isascii() and value.isdigit() and 0 < len(value) < 7 and int(value) else 1


def paginate(session: Session, query: Select[Any], *, page: int, limit: int = DEFAULT_LIMIT) -> Page[Any]:
    """Run ``query`` for one page: two statements whatever the size."""
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    items = session.scalars(query.limit(limit).offset((page - 1) * limit)).unique().all()
    return Page(items=items, total=total, page=page, limit=limit)
