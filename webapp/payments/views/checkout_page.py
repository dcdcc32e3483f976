"""What a checkout shows, before there is an order and while one is open. Amounts in paise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.panel import short_when
from webapp.bookings.picker_url import write_instant
from webapp.bookings.queries import deadline_hours_of, house_deadline_hours
from webapp.bookings.rules import cancel_deadline
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.packages.models import Package
from webapp.payments.bill import Line, bill_lines, item_detail
from webapp.payments.forms import CouponForm
from webapp.payments.models import Order
from webapp.payments.services.checkout import Item, Quote


@dataclass(frozen=True, slots=True)
class KeptTime:
    """The time bought along. ``until``: how long it is kept still, None when that has run out.

    ``cancel_by`` is empty where it is too late for that already.
    """

    counsellor: Counsellor
    start: dt.datetime
    minutes: int
    mode: str
    until: dt.datetime | None
    cancel_by: str

    @property
    def tone(self) -> int:
        """The counsellor's colour."""
        return self.counsellor.id % 5 + 1

    @property
    def end(self) -> dt.datetime:
        """When the session would end."""
        return self.start + dt.timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """A checkout. ``order`` None: a quote; ``near`` are free times instead of a lost one."""

    student: User
    item: Item
    title: str
    detail: str
    lines: Sequence[Line]
    amount: int
    coupon: str
    coupon_discount: int
    form: CouponForm
    here: str
    change_url: str
    deadline_hours: int
    kept: KeptTime | None = None
    order: Order | None = None
    owned: Enrolment | None = None
    open_order: Order | None = None
    lost: str = ""
    near: Sequence[dt.datetime] = ()

    @property
    def is_package(self) -> bool:
        """Whether a package is bought: its time may be chosen later."""
        return isinstance(self.item, Package)

    @property
    def terms(self) -> Sequence[str]:
        """The package's own terms, paragraph by paragraph."""
        text = self.item.terms if isinstance(self.item, Package) else ""
        return [part for part in (piece.strip() for piece in text.split("\n\n")) if part]

    def value(self, start: dt.datetime) -> str:
        """A start as a form sends it."""
        return write_instant(start)


def quote_page(
    student: User,
    package: Package,
    quote: Quote,
    form: CouponForm,
    *,
    owned: Enrolment | None,
    open_order: Order | None,
    now: dt.datetime,
) -> CheckoutPage:
    """Return the checkout of a package before anything is ordered."""
    code = quote.coupon.code if quote.coupon else ""
    return CheckoutPage(
        student=student,
        item=package,
        title=package.name,
        detail=item_detail(package, student.zone, now),
        lines=bill_lines(quote, package.name, code),
        amount=quote.amount,
        coupon=code,
        coupon_discount=quote.coupon_discount,
        form=form,
        here=url_for("payments.checkout", slug=package.slug),
        change_url=url_for("public.package", slug=package.slug),
        deadline_hours=house_deadline_hours(),
        owned=owned,
        open_order=open_order,
    )


def order_page_of(
    order: Order,
    student: User,
    form: CouponForm,
    held: CounsellingSession | None,
    *,
    now: dt.datetime,
    lost: str = "",
    near: Sequence[dt.datetime] = (),
) -> CheckoutPage:
    """Return the checkout of an open order."""
    item = item_of(order)
    code = order.coupon.code if order.coupon else ""
    hours = deadline_hours_of(order.wanted_counsellor_id) if order.wanted_counsellor_id else house_deadline_hours()
    return CheckoutPage(
        student=student,
        item=item,
        title=order.title,
        detail=item_detail(item, student.zone, now),
        lines=bill_lines(order, order.title, code),
        amount=order.amount,
        coupon=code,
        coupon_discount=order.coupon_discount,
        form=form,
        here=url_for("payments.order", public_id=order.public_id),
        change_url=picker_of(order),
        deadline_hours=hours,
        kept=_kept(order, held, hours, student.zone, now),
        order=order,
        lost=lost,
        near=near,
    )


def item_of(order: Order) -> Item:
    """Return what an order is for."""
    item = order.package or order.service
    if item is None:
        raise LookupError(f"{order.public_id} is for nothing")
    return item


def picker_of(order: Order) -> str:
    """Return where the time of an order is chosen, or the package's page where nobody is chosen yet."""
    if order.service is not None:
        seller = order.service.counsellor.public_id
        return url_for("bookings.pick", public_id=seller, service=order.service.public_id)
    if order.package is None:
        raise LookupError(f"{order.public_id} is for nothing")
    if order.wanted_counsellor is None:
        return url_for("public.package", slug=order.package.slug)
    return url_for("bookings.pick", public_id=order.wanted_counsellor.public_id, package=order.package.slug)


def _kept(order: Order, held: CounsellingSession | None, hours: int, zone: str, now: dt.datetime) -> KeptTime | None:
    if order.wanted_counsellor is None or order.wanted_starts_at is None or order.wanted_minutes is None:
        return None
    deadline = cancel_deadline(order.wanted_starts_at, hours)
    return KeptTime(
        counsellor=order.wanted_counsellor,
        start=order.wanted_starts_at,
        minutes=order.wanted_minutes,
        mode=order.meeting_mode,
        until=held.expires_at if held else None,
        cancel_by=short_when(deadline, zone) if now <= deadline else "",
    )
