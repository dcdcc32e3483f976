"""What is on sale, one package of it, and who counsels in it."""

from __future__ import annotations

import datetime as dt
import re

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import selectinload

from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.counsellors.models import Counsellor
from webapp.packages.models import ExamType, Package, package_counsellors

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
BY_HOUSE = (Package.display_order, Package.id)


def on_sale() -> Select[Package]:
    """Return a query of the packages that anyone may see: active and not archived."""
    return select(Package).where(Package.is_active, ~Package.is_archived)


def list_packages(
    exam: ExamType | None = None, *, limit: int | None = None, featured_first: bool = False
) -> list[Package]:
    """Return the packages on sale with their features, in the house's order; two statements."""
    wanted = on_sale().options(selectinload(Package.features))
    if exam is not None:
        wanted = wanted.where(Package.exam_type == exam)
    if featured_first:
        wanted = wanted.order_by(Package.is_featured.desc())
    return list(db.session.scalars(wanted.order_by(*BY_HOUSE).limit(limit)))


def count_by_exam() -> dict[ExamType, int]:
    """Return how many packages are on sale for each exam; an exam without any is left out. One statement."""
    wanted = on_sale().with_only_columns(Package.exam_type, func.count()).group_by(Package.exam_type)
    return dict(db.session.execute(wanted).all())


def get_by_slug(slug: str) -> Package:
    """Return a package on sale with its features; two statements.

    Raises:
        NotFound: there is none, or it is not on sale.
    """
    found = None
    if _SLUG.fullmatch(slug):
        found = db.session.scalar(on_sale().where(Package.slug == slug).options(selectinload(Package.features)))
    if found is None:
        raise NotFound("We could not find that package.")
    return found


def counsellors_of(package: Package) -> list[Counsellor]:
    """Return who may be booked with a package: its active counsellors, or all where it lists none.

    One statement, in the house's order (product.md "Who counsels").
    """
    listed = package_counsellors.c.package_id == package.id
    wanted = select(Counsellor).where(
        Counsellor.is_active,
        or_(~exists().where(listed), exists().where(listed, package_counsellors.c.counsellor_id == Counsellor.id)),
    )
    return list(db.session.scalars(wanted.order_by(Counsellor.display_order, Counsellor.id)))


def packages_with(counsellor_id: int) -> list[Package]:
    """Return the packages on sale that this counsellor counsels in, in the house's order; one statement."""
    listed = package_counsellors.c.package_id == Package.id
    wanted = on_sale().where(
        or_(~exists().where(listed), exists().where(listed, package_counsellors.c.counsellor_id == counsellor_id))
    )
    return list(db.session.scalars(wanted.order_by(*BY_HOUSE)))


def slugs_on_sale() -> list[tuple[str, dt.datetime]]:
    """Return (slug, when it last changed) of every package on sale; one statement."""
    rows = db.session.execute(on_sale().with_only_columns(Package.slug, Package.updated_at).order_by(*BY_HOUSE))
    return [(slug, changed) for slug, changed in rows]
