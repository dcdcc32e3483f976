"""Coupons: whether one fits, the uses taken of it, and what admins do with them. Amounts in paise."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update

from webapp.accounts.models import Role, User
from webapp.core.db import db, lock_for_update
from webapp.core.errors import Forbidden, NotFound, ValidationFailed
from webapp.core.money import MAX_PAISE, format_rupees
from webapp.core.times import format_day
from webapp.counsellors.models import Service
from webapp.packages.models import Package
from webapp.payments.errors import CouponRefused, CouponUsedUp
from webapp.payments.models import Coupon, CouponUse, DiscountType, Order
from webapp.payments.models.coupons import coupon_packages

CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{2,39}")
CODE_WORDS = "Use 3 to 40 letters, digits, - or _, beginning with a letter or digit."
MOST_USES = 1_000_000
MINE_TAKEN = "You have used this coupon already. An order of yours that is still open counts too."


def find_usable(*, code: str, student: User | None, item: Package | Service, now: dt.datetime) -> Coupon:
    """Return the coupon of a typed code if ``student`` could use it for ``item`` now.

    Raises:
        CouponRefused: there is none, or it is not for this; CouponUsedUp: no use is left.
    """
    typed = code.strip().upper()
    known = CODE.fullmatch(typed) and db.session.scalar(select(Coupon).where(func.upper(Coupon.code) == typed))
    coupon = known or None
    if coupon is None:
        raise CouponRefused("We don't know this coupon. Check the spelling.")
    if reason := _why_not(coupon, item, now):
        raise CouponRefused(reason)
    if coupon.usage_limit is not None and coupon.used >= coupon.usage_limit:
        raise CouponUsedUp
    if student is not None and coupon.per_user_limit is not None and _uses_of(coupon, student) >= coupon.per_user_limit:
        raise CouponUsedUp(MINE_TAKEN)
    return coupon


def _why_not(coupon: Coupon, item: Package | Service, now: dt.datetime) -> str | None:
    if not coupon.is_active:
        return "This coupon is not in use any more."
    if now < coupon.valid_from:
        return f"This coupon can be used from {format_day(coupon.valid_from)}."
    if coupon.valid_until is not None and now >= coupon.valid_until:
        return f"This coupon ended on {format_day(coupon.valid_until)}."
    if not _covers(coupon, item):
        return "This coupon is for something else."
    price = item.selling_price if isinstance(item, Package) else item.price
    if price < coupon.min_amount:
        return f"This coupon needs a purchase of {format_rupees(coupon.min_amount)} or more."
    return None


def _covers(coupon: Coupon, item: Package | Service) -> bool:
    """A coupon that lists packages is for these only; one that lists none is for everything."""
    listed = set(
        db.session.scalars(select(coupon_packages.c.package_id).where(coupon_packages.c.coupon_id == coupon.id))
    )
    return not listed or (isinstance(item, Package) and item.id in listed)


def _uses_of(coupon: Coupon, student: User) -> int:
    mine = select(func.count()).where(
        CouponUse.coupon_id == coupon.id, CouponUse.user_id == student.id, CouponUse.released_at.is_(None)
    )
    return db.session.scalar(mine) or 0


def lock_all(*, code: str | None, also: int | None) -> None:
    """Lock the coupon of a typed code and another one, by id: for an order that changes its coupon."""
    typed = (code or "").strip().upper()
    either = (func.upper(Coupon.code) == (typed if CODE.fullmatch(typed) else "")) | (Coupon.id == also)
    wanted = select(Coupon.id).where(either)
    db.session.execute(wanted.order_by(Coupon.id).with_for_update(key_share=True))


def take_use(coupon: Coupon) -> None:
    """Take one use, in the database; the coupon's row stays locked until the order is there.

    The student's row is locked by the caller, so two orders of one student count one after the other.

    Raises:
        CouponUsedUp: somebody took the last one first.
    """
    if not _take(coupon.id):
        raise CouponUsedUp


def _take(coupon_id: int) -> bool:
    """Conditional UPDATE; behind it stands the CHECK ck_coupons_uses."""
    left = Coupon.usage_limit.is_(None) | (Coupon.used < Coupon.usage_limit)
    return (
        db.session.scalar(
            update(Coupon)
            .where(Coupon.id == coupon_id, left)
            .values(used=Coupon.used + 1)
            .returning(Coupon.id)
            .execution_options(synchronize_session=False)
        )
        is not None
    )


def note_use(coupon: Coupon, order: Order, now: dt.datetime) -> None:
    """Write whose order holds the use that `take_use` took."""
    db.session.add(CouponUse(coupon_id=coupon.id, user_id=order.user_id, order_id=order.id, taken_at=now))


def release_use(order: Order, now: dt.datetime) -> bool:
    """Give back the use of an order that ended unpaid; False when there is none (any more)."""
    released = db.session.scalar(
        update(CouponUse)
        .where(CouponUse.order_id == order.id, CouponUse.released_at.is_(None))
        .values(released_at=now)
        .returning(CouponUse.coupon_id)
        .execution_options(synchronize_session=False)
    )
    if released is None:
        return False
    db.session.execute(
        update(Coupon)
        .where(Coupon.id == released)
        .values(used=Coupon.used - 1)
        .execution_options(synchronize_session=False)
    )
    return True


def retake_use(order: Order) -> bool:
    """Take the use again for money that came after its release; False when others have them all.

    What was offered is kept either way: the price had been named and was paid.
    """
    released = select(CouponUse.id).where(CouponUse.order_id == order.id, CouponUse.released_at.is_not(None))
    use_id = db.session.scalar(released)
    if use_id is None or order.coupon_id is None:
        return True
    if not _take(order.coupon_id):
        return False
    db.session.execute(
        update(CouponUse)
        .where(CouponUse.id == use_id)
        .values(released_at=None)
        .execution_options(synchronize_session=False)
    )
    return True


def create_coupon(
    *,
    actor: User,
    code: str,
    discount_type: str,
    discount_value: int,
    valid_from: dt.datetime,
    valid_until: dt.datetime | None = None,
    min_amount: int = 0,
    usage_limit: int | None = None,
    per_user_limit: int | None = None,
    package_ids: Sequence[str] = (),
    description: str = "",
    is_active: bool = True,
) -> Coupon:
    """Make a coupon; ``discount_value`` is a whole per cent or paise, ``package_ids`` are public ids.

    Raises:
        Forbidden: not an admin. ValidationFailed: every wrong field at once.
        DuplicateEntry: the code exists, whatever its case (at the flush).
    """
    coupon = Coupon()
    values = {
        "code": code.strip().upper(),
        "discount_type": discount_type,
        "discount_value": discount_value,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "min_amount": min_amount,
        "usage_limit": usage_limit,
        "per_user_limit": per_user_limit,
        "description": description.strip(),
        "is_active": is_active,
    }
    _write(actor, coupon, values, package_ids)
    db.session.add(coupon)
    db.session.flush()  # a code that exists comes out here
    return coupon


def update_coupon(*, actor: User, coupon_id: str, package_ids: Sequence[str] | None = None, **changes: Any) -> Coupon:
    """Change the named fields of a coupon (as `create_coupon`); orders made before keep their price.

    Raises:
        NotFound, Forbidden, ValidationFailed, DuplicateEntry: as `create_coupon`; a limit below the uses taken.
    """
    coupon = _locked(actor, coupon_id)
    known = {name: getattr(coupon, name) for name in FIELDS}
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise ValidationFailed(fields=dict.fromkeys(unknown, "This can't be changed."))
    if "code" in changes:
        changes["code"] = str(changes["code"]).strip().upper()
    ids = [package.public_id for package in coupon.packages] if package_ids is None else package_ids
    _write(actor, coupon, {**known, **changes}, ids)
    db.session.flush()  # a code that exists comes out here
    return coupon


def deactivate_coupon(*, actor: User, coupon_id: str) -> Coupon:
    """Switch a coupon off; orders that hold a use keep their price."""
    coupon = _locked(actor, coupon_id)
    coupon.is_active = False
    return coupon


def remove_coupon(*, actor: User, coupon_id: str) -> bool:
    """Delete a coupon that no order ever named, True; one that was used is switched off, False.

    Raises:
        Forbidden: not an admin. NotFound: there is none.
    """
    coupon = _locked(actor, coupon_id)
    if db.session.scalar(select(Order.id).where(Order.coupon_id == coupon.id).limit(1)) is not None:
        coupon.is_active = False
        return False
    db.session.delete(coupon)
    db.session.flush()
    return True


FIELDS = (
    "code", "discount_type", "discount_value", "valid_from", "valid_until", "min_amount", "usage_limit",
    "per_user_limit", "description", "is_active",
)  # fmt: skip


def _locked(actor: User, coupon_id: str) -> Coupon:
    if actor.role is not Role.ADMIN:
        raise Forbidden
    found = db.session.scalar(select(Coupon.id).where(Coupon.public_id == coupon_id))
    if found is None:
        raise NotFound("We could not find that coupon.")
    coupon: Coupon = lock_for_update(db.session(), Coupon, found)
    return coupon


def _write(actor: User, coupon: Coupon, values: dict[str, Any], package_ids: Sequence[str]) -> None:
    if actor.role is not Role.ADMIN:
        raise Forbidden
    problems = _problems(values, coupon.used or 0)
    packages = list(db.session.scalars(select(Package).where(Package.public_id.in_(list(package_ids)))))
    if len(packages) != len(set(package_ids)):
        problems["package_ids"] = "One of these packages does not exist."
    if problems:
        raise ValidationFailed(fields=problems)
    values["discount_type"] = DiscountType(values["discount_type"])
    for name, value in values.items():
        setattr(coupon, name, value)
    coupon.packages = packages


def _problems(values: dict[str, Any], used: int) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not CODE.fullmatch(values["code"]):
        problems["code"] = CODE_WORDS
    if values["discount_type"] not in list(DiscountType):
        problems["discount_type"] = "Choose percent or fixed."
    highest = 100 if values["discount_type"] == DiscountType.PERCENT else MAX_PAISE
    if not 1 <= values["discount_value"] <= highest:
        problems["discount_value"] = (
            f"Enter a discount of {'1 to 100 per cent' if highest == 100 else '₹0.01 or more'}."
        )
    if not 0 <= values["min_amount"] <= MAX_PAISE:
        problems["min_amount"] = "Enter an amount of zero or more."
    until = values["valid_until"]
    if until is not None and until <= values["valid_from"]:
        problems["valid_until"] = "The end must be after the start."
    for name, least in (("usage_limit", max(used, 1)), ("per_user_limit", 1)):
        if values[name] is not None and not least <= values[name] <= MOST_USES:
            problems[name] = f"Enter a number of {least} or more, or leave it empty for no limit."
    if len(values["description"]) > 200:
        problems["description"] = "Keep this within 200 characters."
    return problems
