"""Packages for the JSON door: what is on sale, and for admins everything that is not archived."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import Page, paginate
from webapp.packages.models import ExamType, Package
from webapp.packages.queries.catalogue import on_sale
from webapp.packages.queries.desk import UNKNOWN

SORTS = {
    "displayOrder": Package.display_order,
    "price": Package.price,
    "name": Package.name,
    "createdAt": Package.created_at,
}


@dataclass(frozen=True, slots=True)
class PackageFilter:
    """What a list shows; ``everything`` is the admins' view."""

    exam: ExamType | None = None
    active: bool | None = None
    featured: bool | None = None
    everything: bool = False


def _seen(*, everything: bool) -> Select[Package]:
    wanted = select(Package).where(~Package.is_archived) if everything else on_sale()
    return wanted.options(selectinload(Package.features), selectinload(Package.counsellors))


def list_for_programs(wanted: PackageFilter, *, sort: str, page: int, limit: int) -> Page[Package]:
    """Return a page with features and listed counsellors; four statements whatever the size."""
    query = _seen(everything=wanted.everything)
    if wanted.exam is not None:
        query = query.where(Package.exam_type == wanted.exam)
    if wanted.active is not None:
        query = query.where(Package.is_active.is_(wanted.active))
    if wanted.featured is not None:
        query = query.where(Package.is_featured.is_(wanted.featured))
    column = SORTS[sort.removeprefix("-")]
    first, then = (column.desc(), Package.id.desc()) if sort.startswith("-") else (column, Package.id)
    return paginate(db.session(), query.order_by(first, then), page=page, limit=limit)


def find_package(*, public_id: str | None = None, slug: str | None = None, everything: bool = False) -> Package:
    """Return one package by id or slug with features and listed counsellors; an admin finds archived ones, too.

    Raises:
        NotFound: there is none, or it is not on sale.
    """
    query = _seen(everything=everything)
    if everything:
        query = select(Package).options(selectinload(Package.features), selectinload(Package.counsellors))
    found = db.session.scalar(query.where(Package.public_id == public_id if slug is None else Package.slug == slug))
    if found is None:
        raise NotFound(UNKNOWN)
    return found
