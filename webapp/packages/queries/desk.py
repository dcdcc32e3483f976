"""What the desk reads: all packages, also hidden and archived ones, and whether one is in use."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, SQLColumnExpression, func, or_, select
from sqlalchemy.orm import selectinload
from sqlalchemy.sql.schema import Column

from webapp.core.db import Base, db
from webapp.core.errors import NotFound
from webapp.core.pagination import Page, paginate
from webapp.counsellors.models import Counsellor
from webapp.packages.models import ExamType, Package
from webapp.packages.queries.catalogue import BY_HOUSE

A_PAGE = 50
OWN = frozenset({"package_features", "package_counsellors"})
UNKNOWN = "We could not find that package."


class Part(enum.StrEnum):
    """Which packages a list shows; KEPT are those not archived."""

    KEPT = "kept"
    ON_SALE = "on-sale"
    HIDDEN = "hidden"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class DeskFilter:
    """What the desk's list shows."""

    part: Part = Part.KEPT
    exam: ExamType | None = None


def filtered(wanted: DeskFilter) -> Select[Package]:
    """Return a query of the packages of a filter, in the house's order."""
    query = select(Package).order_by(*BY_HOUSE).where(_part(wanted.part))
    return query if wanted.exam is None else query.where(Package.exam_type == wanted.exam)


def _part(part: Part) -> SQLColumnExpression[bool]:
    return {
        Part.KEPT: ~Package.is_archived,
        Part.ON_SALE: Package.is_active & ~Package.is_archived,
        Part.HIDDEN: ~Package.is_active & ~Package.is_archived,
        Part.ARCHIVED: Package.is_archived,
    }[part]


def desk_page(wanted: DeskFilter, page: int) -> Page[Package]:
    """Return a page of the list; two statements. A page beyond the last is the last."""
    found = paginate(db.session(), filtered(wanted), page=page, limit=A_PAGE)
    return paginate(db.session(), filtered(wanted), page=found.pages, limit=A_PAGE) if page > found.pages else found


def desk_counts(exam: ExamType | None) -> dict[Part, int]:
    """Return how many packages each part of the list has; one statement."""
    query = select(Package.is_archived, Package.is_active, func.count()).group_by(
        Package.is_archived, Package.is_active
    )
    if exam is not None:
        query = query.where(Package.exam_type == exam)
    counts = dict.fromkeys(Part, 0)
    for archived, active, number in db.session.execute(query):
        counts[Part.ARCHIVED if archived else Part.ON_SALE if active else Part.HIDDEN] += number
    counts[Part.KEPT] = counts[Part.ON_SALE] + counts[Part.HIDDEN]
    return counts


def count_filtered(wanted: DeskFilter) -> int:
    """Return how many packages a filter has; one statement."""
    return db.session.scalar(select(func.count()).select_from(filtered(wanted).order_by(None).subquery())) or 0


def every_package(wanted: DeskFilter) -> Iterator[Package]:
    """Return all packages of a filter with features and counsellors, read in batches; for files."""
    query = filtered(wanted).options(selectinload(Package.features), selectinload(Package.counsellors))
    yield from db.session.scalars(query.execution_options(yield_per=200))


def neighbour(wanted: DeskFilter, package: Package, step: int) -> Package | None:
    """Return the package above (step -1) or below (1) one within a filter, None at the end; one statement."""
    query = filtered(wanted).order_by(None)
    here, there = (package.display_order, package.id), func.row(Package.display_order, Package.id)
    if step < 0:
        query = query.where(there < func.row(*here)).order_by(Package.display_order.desc(), Package.id.desc())
    else:
        query = query.where(there > func.row(*here)).order_by(*BY_HOUSE)
    return db.session.scalar(query.limit(1))


def package_for_desk(public_id: str) -> Package:
    """Return any package with its features and counsellors; three statements.

    Raises:
        NotFound: there is none.
    """
    loaded = (selectinload(Package.features), selectinload(Package.counsellors))
    found = db.session.scalar(select(Package).where(Package.public_id == public_id).options(*loaded))
    if found is None:
        raise NotFound(UNKNOWN)
    return found


def bookable_counsellors(also: Iterable[str] = ()) -> Sequence[Counsellor]:
    """Return the counsellors a package may list: the active ones, and those of ``also`` (public ids); one statement."""
    wanted = select(Counsellor).where(or_(Counsellor.is_active, Counsellor.public_id.in_(list(also))))
    return db.session.scalars(wanted.order_by(Counsellor.display_order, Counsellor.name, Counsellor.id)).all()


def slugs_like(base: str) -> set[str]:
    """Return the addresses taken that are ``base`` or begin with it and a hyphen; one statement."""
    taken = select(Package.slug).where(or_(Package.slug == base, Package.slug.startswith(f"{base}-", autoescape=True)))
    return set(db.session.scalars(taken))


def is_used(package: Package) -> bool:
    """Tell whether anything outside refers to a package (orders, enrolments, leads, coupons); at most one statement.

    What refers is read from the schema: a feature that is added later is asked, too.
    """
    if package.total_enrolments:
        return True
    found = or_(*(select(1).where(column == package.id).exists() for column in referring_columns()))
    return bool(db.session.scalar(select(found)))


def referring_columns() -> list[Column[int]]:
    """Return the columns of other features' tables that point at packages."""
    return [
        column
        for table in Base.metadata.sorted_tables
        if table.name not in OWN
        for column in table.columns
        if any(key.column.table.name == Package.__tablename__ for key in column.foreign_keys)
    ]
