"""From a price to an order: what something costs a student, and the order that asks for it. Amounts in paise.

Nothing here talks to the gateway: `webapp.payments.flows` does, outside the transaction.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast

from flask import current_app
from sqlalchemy import select

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import nearest_free
from webapp.bookings.rules import SessionStatus
from webapp.bookings.services import hold_slot, release_hold
from webapp.bookings.services.booking import read_wishes
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.errors import DomainError, InvalidState, NotFound, ValidationFailed
from webapp.counsellors.models import Counsellor, Service
from webapp.packages.models import Package
from webapp.packages.queries import counsellors_of, on_sale
from webapp.payments.errors import CouponRefused
from webapp.payments.models import Coupon, Order, OrderStatus
from webapp.payments.permissions import may_buy
from webapp.payments.rules import OPEN_ORDERS, OrderEvent, Price, next_order, price_of
from webapp.payments.services import coupons
from webapp.payments.services.locks import lock_order, lock_people
from webapp.payments.services.settle import settle_free
from webapp.payments.services.wanted_time import require_before_end

Item = Package | Service
TITLE_LENGTH = 120
NO_GATEWAY = "none"
NO_TIME = "Choose a time: a single session is bought with its time."


@dataclass(frozen=True, slots=True)
class Quote:
    """What something would cost now, in paise; ``message`` says why a typed coupon does not count."""

    price: int
    discount: int
    coupon_discount: int
    tax: int
    amount: int
    coupon: Coupon | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """The time that is to be bought with it."""

    counsellor: Counsellor
    starts_at: dt.datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """An order taken up again: its live hold if it has a time, or the nearest times if that is gone."""

    order: Order
    hold: CounsellingSession | None
    nearest: list[dt.datetime]


def quote(*, student: User | None, item: Item, coupon_code: str | None, now: dt.datetime) -> Quote:
    """Return what ``item`` costs ``student`` now; a coupon that does not fit leaves the price and says why."""
    coupon, message = None, ""
    if coupon_code and coupon_code.strip():
        try:
            coupon = coupons.find_usable(code=coupon_code, student=student, item=item, now=now)
        except CouponRefused as refusal:
            message = refusal.message
    price = _price(item, coupon)
    return Quote(price.price, price.discount, price.coupon_discount, price.tax, price.amount, coupon, message)


def _price(item: Item, coupon: Coupon | None) -> Price:
    selling = item.selling_price if isinstance(item, Package) else item.price
    cut = (coupon.discount_type, coupon.discount_value) if coupon else None
    return price_of(item.price, selling, gst_percent=_settings().gst_percent, coupon=cut)


def place_order(
    *,
    student: User,
    now: dt.datetime,
    package_id: str | None = None,
    service_id: str | None = None,
    counsellor_id: str | None = None,
    starts_at: dt.datetime | None = None,
    coupon_code: str | None = None,
    agenda: str = "",
    meeting_mode: str = "video",
    reuse: bool = False,
) -> Order:
    """Place an order at the server's price; ids are public ids. What costs nothing enrols at once.

    A coupon's use is taken and a wanted time is held in the same transaction. With ``reuse`` an open
    order of this student for exactly the same comes back instead (a form sent twice).

    Raises:
        Forbidden: not an active student with a confirmed address.
        NotFound: package, service or counsellor is not on sale.
        ValidationFailed: not exactly one thing, a time that breaks a rule, too long an agenda.
        CouponRefused, CouponUsedUp: the coupon does not fit, or its last use is gone.
        EnrolmentExpired: the time lies after the end of a package bought now.
        SlotTaken, StudentBusy: the time is not on offer (any more), with the nearest that are.
    """
    may_buy(student)
    item = find_item(package_id=package_id, service_id=service_id)
    wish = _read_wish(item, counsellor_id, starts_at)
    require_before_end(item, starts_at, student, now)
    if wish is not None:
        agenda, _ = read_wishes(wish.starts_at, agenda, meeting_mode, now)
    student = lock_people(wish.counsellor.id if wish else None, student.id)
    if reuse and (found := _open_twin(student, item, wish, coupon_code, now)):
        return resume(student=student, order_id=found.public_id, now=now).order
    coupon = None
    if coupon_code and coupon_code.strip():
        coupon = coupons.find_usable(code=coupon_code, student=student, item=item, now=now)
        coupons.take_use(coupon)
    order = _new_order(student, item, coupon, now)
    order.agenda, order.meeting_mode = agenda, meeting_mode
    db.session.add(order)
    db.session.flush()  # the coupon's use wants its id
    if coupon is not None:
        coupons.note_use(coupon, order, now)
    if wish is not None:
        _hold(order, wish, now)
    if order.amount == 0:
        settle_free(order, now=now)
    return order


def find_item(*, package_id: str | None = None, service_id: str | None = None) -> Item:
    """Return the package or the service of a public id, if it is on sale.

    Raises:
        ValidationFailed: not exactly one of the two. NotFound: there is none.
    """
    if bool(package_id) == bool(service_id):
        raise ValidationFailed(fields={"package_id": "Choose one package or one service."})
    item: Item | None
    if package_id:
        item = db.session.scalar(on_sale().where(Package.public_id == package_id))
    else:
        item = db.session.scalar(
            select(Service)
            .join(Counsellor, Counsellor.id == Service.counsellor_id)
            .where(Service.public_id == service_id, Service.is_active, Counsellor.is_active)
        )
    if item is None:
        raise NotFound("This is not on sale any more.")
    return item


def _read_wish(item: Item, counsellor_id: str | None, starts_at: dt.datetime | None) -> Wish | None:
    if starts_at is None:
        if isinstance(item, Service):
            raise ValidationFailed(NO_TIME, fields={"starts_at": NO_TIME})
        return None
    if isinstance(item, Service):
        if counsellor_id and counsellor_id != item.counsellor.public_id:
            raise NotFound("We could not find this service of that counsellor.")
        return Wish(item.counsellor, starts_at, item.duration)
    if not counsellor_id:
        raise ValidationFailed(fields={"counsellor_id": "Choose a counsellor for this time."})
    counsellor = db.session.scalar(
        select(Counsellor).where(Counsellor.public_id == counsellor_id, Counsellor.is_active)
    )
    if counsellor is None:
        raise NotFound("We could not find that counsellor.")
    if counsellor.id not in {one.id for one in counsellors_of(item)}:
        words = f"{counsellor.name} does not counsel in {item.name}."
        raise ValidationFailed(words, fields={"counsellor_id": words})
    return Wish(counsellor, starts_at, item.session_minutes)


def _new_order(student: User, item: Item, coupon: Coupon | None, now: dt.datetime) -> Order:
    price = _price(item, coupon)
    package = item if isinstance(item, Package) else None
    title = item.name if isinstance(item, Package) else f"{item.title} with {item.counsellor.name}"
    return Order(
        user=student,
        package=package,
        service=item if isinstance(item, Service) else None,
        coupon=coupon,
        title=title[:TITLE_LENGTH],
        status=OrderStatus.CREATED,
        currency="INR",
        price=price.price,
        discount=price.discount,
        coupon_discount=price.coupon_discount,
        amount=price.amount,
        tax=price.tax,
        gateway=_settings().payment_gateway if price.amount else NO_GATEWAY,
        placed_at=now,
        expires_at=now + dt.timedelta(hours=_settings().order_hours),
    )


def _hold(order: Order, wish: Wish, now: dt.datetime) -> CounsellingSession:
    """Keep the wanted time and write it on the order."""
    held = hold_slot(
        student=order.user,
        counsellor_id=wish.counsellor.public_id,
        starts_at=wish.starts_at,
        duration=wish.minutes,
        now=now,
    )
    order.hold_id = held.id
    order.wanted_counsellor, order.wanted_starts_at = wish.counsellor, held.starts_at
    order.wanted_minutes = wish.minutes
    return held


def _open_twin(student: User, item: Item, wish: Wish | None, coupon_code: str | None, now: dt.datetime) -> Order | None:
    """Return this student's open order for the same thing, time, coupon and price."""
    mine = select(Order).where(Order.user_id == student.id, Order.status.in_(OPEN_ORDERS), Order.expires_at > now)
    mine = mine.where(Order.package_id == item.id if isinstance(item, Package) else Order.service_id == item.id)
    typed = (coupon_code or "").strip().upper()
    for order in db.session.scalars(mine.order_by(Order.id.desc())):
        same_coupon = (order.coupon.code.upper() if order.coupon else "") == typed
        same_time = order.wanted_starts_at == (wish.starts_at if wish else None)
        same_person = order.wanted_counsellor_id == (wish.counsellor.id if wish else None)
        if same_coupon and same_time and same_person and order.amount == _price(item, order.coupon).amount:
            return order
    return None


def resume(*, student: User, order_id: str, now: dt.datetime) -> Resumed:
    """Take an open order up again: a time that ran out is kept anew if it is still free.

    An order that is paid meanwhile comes back as it is.

    Raises:
        NotFound: not this student's. InvalidState: the order has ended.
    """
    order = lock_order(find_order(student, order_id))
    if order.status is OrderStatus.PAID:
        return Resumed(order, None, [])
    _require_open(order, now)
    wish = _wish_of(order)
    if wish is None:
        return Resumed(order, None, [])
    if held := live_hold(order, now):
        return Resumed(order, held, [])
    try:
        with db.session.begin_nested():
            return Resumed(order, _hold(order, wish, now), [])
    except DomainError as refusal:  # gone: the order is paid without it, or with another time
        order.hold_id = None
        near = list(getattr(refusal, "nearest", [])) or _nearest(order, wish, now)
        return Resumed(order, None, near)


def set_time(
    *, student: User, order_id: str, starts_at: dt.datetime | None, now: dt.datetime, counsellor_id: str | None = None
) -> Order:
    """Change the time an open order keeps, or (None, packages only) leave it for later. The price stays.

    Raises:
        NotFound, InvalidState: as `resume`.
        ValidationFailed, EnrolmentExpired, SlotTaken, StudentBusy: as `place_order`.
    """
    seen = find_order(student, order_id)
    item = seen.package or seen.service
    if item is None:
        raise NotFound
    wish = _read_wish(item, counsellor_id, starts_at)
    require_before_end(item, starts_at, student, now)
    lock_people(wish.counsellor.id if wish else None, student.id, also=seen.wanted_counsellor_id)
    order = lock_order(seen)
    _require_open(order, now)
    if wish is None:
        _let_go(order)
        order.wanted_counsellor, order.wanted_starts_at, order.wanted_minutes = None, None, None
    else:
        _hold(order, wish, now)
    return order


def change_coupon(*, student: User, order_id: str, coupon_code: str | None, now: dt.datetime) -> Order:
    """Put another coupon (or none) to an open order: a new order takes its place, the old one ends.

    What the gateway was asked for never changes; the old order's coupon use is free at once, and the
    reconciler ends it after asking the gateway.

    Raises:
        NotFound, InvalidState: as `resume`. CouponRefused, CouponUsedUp, SlotTaken: as `place_order`.
    """
    seen = find_order(student, order_id)
    lock_people(seen.wanted_counsellor_id, student.id)
    coupons.lock_all(code=coupon_code, also=seen.coupon_id)
    old = lock_order(seen)
    _require_open(old, now)
    coupons.release_use(old, now)
    _let_go(old)
    old.expires_at = now
    if old.gateway_order_id is None:
        old.status = next_order(old.status, OrderEvent.EXPIRE)
    db.session.flush()  # the use must be free before the new order takes one
    return place_order(
        student=student,
        package_id=old.package.public_id if old.package else None,
        service_id=old.service.public_id if old.service else None,
        counsellor_id=old.wanted_counsellor.public_id if old.wanted_counsellor else None,
        starts_at=old.wanted_starts_at,
        coupon_code=coupon_code,
        agenda=old.agenda,
        meeting_mode=old.meeting_mode,
        now=now,
    )


def attach_gateway_order(order_pk: int, gateway_order_id: str) -> Order:
    """Write the gateway's order on ours, once; of two at the same moment the first stays."""
    seen = db.session.get(Order, order_pk)
    if seen is None:
        raise NotFound
    order = lock_order(seen, people=False)
    if order.gateway_order_id is None and order.status is OrderStatus.CREATED:
        order.gateway_order_id = gateway_order_id
        order.status = next_order(order.status, OrderEvent.OPEN)
    return order


def end_unpaid(order_pk: int, *, now: dt.datetime, given_up: bool = False) -> bool:
    """End an order nobody paid, once the gateway has been asked: coupon use and time are free again.

    ``given_up``: the student does not want it any more; else only if its time is over. False when it
    is paid or ended already.
    """
    seen = db.session.get(Order, order_pk)
    if seen is None:
        return False
    order = lock_order(seen)
    if order.status not in OPEN_ORDERS or not (given_up or order.expires_at <= now):
        return False
    order.status = next_order(order.status, OrderEvent.EXPIRE)
    order.expires_at = min(order.expires_at, now)
    coupons.release_use(order, now)
    _let_go(order)
    return True


def find_order(student: User, order_id: str) -> Order:
    """Return a student's own order by its public id; else NotFound."""
    order = db.session.scalar(select(Order).where(Order.public_id == order_id, Order.user_id == student.id))
    if order is None:
        raise NotFound("We could not find that order.")
    return order


def live_hold(order: Order, now: dt.datetime) -> CounsellingSession | None:
    """Return the time kept for an order, if it has not run out."""
    if order.hold_id is None:
        return None
    held = db.session.get(CounsellingSession, order.hold_id, populate_existing=True)
    if held is None or held.status is not SessionStatus.HELD or held.expires_at is None or held.expires_at <= now:
        return None
    return held


def _require_open(order: Order, now: dt.datetime) -> None:
    if order.status is OrderStatus.PAID:
        raise InvalidState("This order is paid.")
    if order.status not in OPEN_ORDERS or order.expires_at <= now:
        raise InvalidState("This order has ended. Nothing was taken; you can order again.")


def _wish_of(order: Order) -> Wish | None:
    if order.wanted_counsellor is None or order.wanted_starts_at is None or order.wanted_minutes is None:
        return None
    return Wish(order.wanted_counsellor, order.wanted_starts_at, order.wanted_minutes)


def _nearest(order: Order, wish: Wish, now: dt.datetime) -> list[dt.datetime]:
    wanted = max(wish.starts_at, now)
    return nearest_free(wish.counsellor, wanted, duration=wish.minutes, student_id=order.user_id, now=now)


def _let_go(order: Order) -> None:
    held = db.session.get(CounsellingSession, order.hold_id) if order.hold_id is not None else None
    if held is not None:
        release_hold(student=order.user, hold_id=held.public_id)
    order.hold_id = None


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])
