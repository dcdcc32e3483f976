"""Writes of packages, the same for pages and API. Only admins; prices in paise.

Whoever bought keeps what they bought: an enrolment holds its own copy of sessions, length and expiry, an order of
its price. So a change counts for new orders only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select, update

from webapp.accounts.models import Role, User
from webapp.audit.services import record
from webapp.core.db import db
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.core.pieces import changed, table_key
from webapp.counsellors.models import Counsellor
from webapp.packages.errors import SLUG_TAKEN, PackageInUse, SlugTaken, StaleVersion, Theirs
from webapp.packages.models import ExamType, Package, PackageFeature
from webapp.packages.queries.desk import UNKNOWN, DeskFilter, is_used, neighbour, slugs_like
from webapp.packages.rules.discounts import settle
from webapp.packages.rules.editing import HIGHEST_ORDER, LIMITS, PackageInput, clean, label_of, problems_of
from webapp.packages.rules.slugs import free_slug, suggest_slug
from webapp.packages.versions import as_input, differing, in_words, same

COPY_OF = "Copy of "


def create_package(*, actor: User, data: PackageInput, now: dt.datetime) -> Package:
    """Make a package; without a place of its own it goes to the end of the list.

    Raises:
        Forbidden: not an admin. ValidationFailed: every wrong field at once. SlugTaken: at the flush.
    """
    _require_admin(actor)
    data, counsellors = _checked(data, None)
    place = _last_place() + 1 if data.display_order is None else data.display_order
    package = Package(display_order=place, total_enrolments=0, is_archived=False)
    _write(package, data, counsellors, now)
    db.session.add(package)
    db.session.flush()  # an address that exists comes out here
    return package


def update_package(
    *, actor: User, package_id: str, data: PackageInput, now: dt.datetime, version: str | None = None
) -> Package:
    """Change a package to what ``data`` says. ``version`` is what the editor had seen (see versions.py).

    Raises:
        NotFound, Forbidden, ValidationFailed, SlugTaken: as `create_package`; StaleVersion: somebody saved
        meanwhile what this would undo.
    """
    package = _locked(actor, package_id)
    data, counsellors = _checked(data, package)
    if version is not None:
        _require_unchanged(package, data, version)
    if data.display_order is not None and data.display_order != package.display_order:
        _note_places({package.name: (package.display_order, data.display_order)})
        package.display_order = data.display_order
    _write(package, data, counsellors, now)
    db.session.flush()
    return package


def _require_unchanged(package: Package, data: PackageInput, version: str) -> None:
    current = as_input(package)
    theirs = differing(version, current)
    alike = same(current, data, theirs)
    lost = [field for field in theirs if field not in alike]
    if lost:
        raise StaleVersion([Theirs(field, label_of(field), in_words(package, field)) for field in lost])


def set_active(*, actor: User, package_id: str, on: bool, now: dt.datetime) -> Package:
    """Put a package on sale or hide it.

    Raises:
        NotFound, Forbidden; InvalidState: it is archived.
    """
    package = _locked(actor, package_id)
    _require_kept(package)
    package.is_active, package.updated_at = on, now
    return package


def set_featured(*, actor: User, package_id: str, on: bool, now: dt.datetime) -> Package:
    """Show a package first on the landing page, or not.

    Raises:
        NotFound, Forbidden; InvalidState: it is archived.
    """
    package = _locked(actor, package_id)
    _require_kept(package)
    package.is_featured, package.updated_at = on, now
    return package


def archive_package(*, actor: User, package_id: str, now: dt.datetime) -> Package:
    """Take a package out of every list; who bought it keeps it. Archiving twice changes nothing."""
    package = _locked(actor, package_id)
    if not package.is_archived:
        package.is_archived, package.is_active, package.updated_at = True, False, now
    return package


def restore_package(*, actor: User, package_id: str, now: dt.datetime) -> Package:
    """Bring an archived package back, hidden; putting it on sale is a step of its own."""
    package = _locked(actor, package_id)
    if package.is_archived:
        package.is_archived, package.is_active, package.updated_at = False, False, now
    return package


def delete_package(*, actor: User, package_id: str) -> str:
    """Delete a package that nothing refers to and return its name.

    The row is locked so that nobody can order it meanwhile.

    Raises:
        NotFound, Forbidden; PackageInUse: it was bought, ordered, wished for, or a coupon names it.
    """
    package = _locked(actor, package_id, alone=True)
    if is_used(package):
        raise PackageInUse
    db.session.delete(package)
    db.session.flush()
    return package.name


def remove_package(*, actor: User, package_id: str, now: dt.datetime) -> bool:
    """Delete a package, or archive it where it is in use; True where it is gone."""
    package = _locked(actor, package_id, alone=True)
    if is_used(package):
        archive_package(actor=actor, package_id=package_id, now=now)
        return False
    delete_package(actor=actor, package_id=package_id)
    return True


def duplicate_package(*, actor: User, package_id: str, now: dt.datetime) -> Package:
    """Make a hidden copy with an address of its own, at the end of the list."""
    source = as_input(_locked(actor, package_id))
    name = f"{COPY_OF}{source.name}"[: LIMITS["name"]].rstrip()
    copy = Package(display_order=_last_place() + 1, total_enrolments=0, is_archived=False)
    listed = list(db.session.scalars(select(Counsellor).where(Counsellor.public_id.in_(source.counsellor_ids))))
    _write(copy, source, listed, now)
    copy.name, copy.slug, copy.is_active, copy.is_featured = name, _free_slug(name), False, False
    db.session.add(copy)
    db.session.flush()
    return copy


def place_packages(*, actor: User, package_ids: Sequence[str], now: dt.datetime) -> None:
    """Put these packages in this order, into the places that they hold among all; the others stay.

    Raises:
        Forbidden; NotFound: one does not exist. ValidationFailed: one is named twice.
    """
    _require_admin(actor)
    if len(set(package_ids)) != len(package_ids):
        raise ValidationFailed("A package is named twice.", fields={"packages": "A package is named twice."})
    rows = _all_places()
    by_id = {row.public_id: row for row in rows}
    if missing := set(package_ids) - by_id.keys():
        raise NotFound(f"{UNKNOWN} It may have been deleted." if len(missing) == 1 else UNKNOWN)
    wanted = iter(package_ids)
    order = [by_id[next(wanted)] if row.public_id in package_ids else row for row in rows]
    _set_places({row.public_id: place for place, row in enumerate(order, 1)}, now)


def move_package(*, actor: User, package_id: str, step: int, within: DeskFilter, now: dt.datetime) -> Package:
    """Move a package one up (step -1) or down (1) within a filtered list; at the end of it nothing happens."""
    _require_admin(actor)
    package = next((row for row in _all_places() if row.public_id == package_id), None)
    if package is None:
        raise NotFound(UNKNOWN)
    other = neighbour(within, package, step)
    if other is not None:
        pair = [package.public_id, other.public_id]
        place_packages(actor=actor, package_ids=pair if step < 0 else pair[::-1], now=now)
        db.session.refresh(package)
    return package


def reorder_packages(*, actor: User, places: Mapping[str, int], now: dt.datetime) -> None:
    """Give packages (public ids) the named places; lower ones come first.

    Raises:
        Forbidden; NotFound: one does not exist. ValidationFailed: a place is not 0 or more.
    """
    _require_admin(actor)
    if any(not 0 <= place <= HIGHEST_ORDER for place in places.values()):
        raise ValidationFailed(fields={"display_order": "Enter a whole number of 0 or more."})
    if places.keys() - {row.public_id for row in _all_places()}:
        raise NotFound(UNKNOWN)
    _set_places(places, now)


def _all_places() -> Sequence[Package]:
    """Lock and return all packages in their order; locked by id, so that two who reorder wait for each other."""
    db.session.execute(select(Package.id).order_by(Package.id).with_for_update(key_share=True))
    query = select(Package).order_by(Package.display_order, Package.id).execution_options(populate_existing=True)
    return db.session.scalars(query).all()


def _set_places(places: Mapping[str, int], now: dt.datetime) -> None:
    rows = db.session.execute(select(Package.public_id, Package.name, Package.display_order)).all()
    moved = [row for row in rows if row.public_id in places and places[row.public_id] != row.display_order]
    for row in moved:
        one = update(Package).where(Package.public_id == row.public_id)
        db.session.execute(one.values(display_order=places[row.public_id], updated_at=now))
    changed(table_key(Package))
    _note_places({row.name: (row.display_order, places[row.public_id]) for row in moved})


def _note_places(moved: Mapping[str, tuple[int, int]]) -> None:
    """One line in the log for one act, however many rows make room; the watcher leaves places out."""
    if moved:
        record("package.reordered", entity="package", label="Order of packages", changes=dict(moved))


def _require_admin(actor: User) -> None:
    if actor.role is not Role.ADMIN:
        raise Forbidden


def _require_kept(package: Package) -> None:
    if package.is_archived:
        raise InvalidState(f"{package.name} is archived. Restore it first.")


def _locked(actor: User, package_id: str, *, alone: bool = False) -> Package:
    """Return a package under its row lock; ``alone`` also keeps out rows that want to refer to it."""
    _require_admin(actor)
    query = select(Package).where(Package.public_id == package_id).execution_options(populate_existing=True)
    found = db.session.scalar(query.with_for_update(key_share=not alone))
    if found is None:
        raise NotFound(UNKNOWN)
    return found


def _checked(data: PackageInput, package: Package | None) -> tuple[PackageInput, list[Counsellor]]:
    """Return the input as it is kept and its counsellors, or say everything that is wrong with it."""
    data = clean(data)
    problems = problems_of(data)
    counsellors = list(db.session.scalars(select(Counsellor).where(Counsellor.public_id.in_(data.counsellor_ids))))
    if len(counsellors) != len(data.counsellor_ids):
        problems["counsellor_ids"] = "One of these counsellors does not exist."
    if data.slug and "slug" not in problems and _slug_owner(data.slug) not in (None, package and package.id):
        problems["slug"] = SLUG_TAKEN
    if list(problems.values()) == [SLUG_TAKEN]:
        raise SlugTaken
    if problems:
        raise ValidationFailed(fields=problems)
    return data, counsellors


def _slug_owner(slug: str) -> int | None:
    return db.session.scalar(select(Package.id).where(Package.slug == slug))


def _free_slug(name: str, own: str | None = None) -> str:
    wanted = suggest_slug(name)
    return free_slug(wanted, slugs_like(wanted) - {own})


def _last_place() -> int:
    return db.session.scalar(select(func.max(Package.display_order))) or 0


def _write(package: Package, data: PackageInput, counsellors: list[Counsellor], now: dt.datetime) -> None:
    """Put a checked input into the row."""
    if data.price is None or data.validity_days is None or not data.max_sessions or not data.session_minutes:
        raise ValidationFailed  # checked before; says so to the type checker, too
    package.name, package.slug = data.name, data.slug or _free_slug(data.name, package.slug)
    package.exam_type = ExamType(data.exam_type)
    package.short_description, package.description, package.terms = data.short_description, data.description, data.terms
    package.price = data.price
    package.discount_price = settle(data.price, data.discount_price, data.discount_percentage).price
    package.validity_days, package.max_sessions = data.validity_days, data.max_sessions
    package.session_minutes = data.session_minutes
    package.highlights = list(data.highlights)
    package.badge, package.badge_color = data.badge or None, data.badge_color or None
    package.is_active, package.is_featured = data.is_active and not package.is_archived, data.is_featured
    package.updated_at = now
    if {one.id for one in package.counsellors} != {one.id for one in counsellors}:
        package.counsellors = counsellors
    lines = [PackageFeature(title=one.title, description=one.description, included=one.included, position=place)
        for place, one in enumerate(data.features)]  # fmt: skip
    if [_line(one) for one in package.features] != [_line(one) for one in lines]:
        package.features = lines


def _line(feature: PackageFeature) -> tuple[str, str, bool]:
    return feature.title, feature.description, feature.included
