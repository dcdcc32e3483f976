"""What is bought and what it costs, line by line, in words for checkout, receipt and mail. Pure; amounts in paise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from webapp.core.money import format_rupees
from webapp.core.times import format_day
from webapp.counsellors.models import Service
from webapp.enrolments.rules import expiry
from webapp.packages.models import Package
from webapp.packages.rules import sessions_words
from webapp.payments.rules import half_up


class Sums(Protocol):
    """A quote or an order."""

    @property
    def price(self) -> int:
        """The list price."""

    @property
    def discount(self) -> int:
        """What the package itself takes off."""

    @property
    def coupon_discount(self) -> int:
        """What the coupon takes off."""

    @property
    def tax(self) -> int:
        """The GST inside the amount."""

    @property
    def amount(self) -> int:
        """What is to be paid."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill; ``tone`` "ok" takes off, "muted" is only said along."""

    label: str
    amount: str
    tone: str = ""


def bill_lines(sums: Sums, title: str, coupon: str) -> list[Line]:
    """Return the lines from the list price down to what the amount holds of GST, without the total."""
    lines = [Line(title, format_rupees(sums.price))]
    if sums.discount:
        off = half_up(sums.discount * 100, sums.price)  # as the package's page says it
        lines.append(Line(f"Discount, {off} %" if off else "Discount", taken_off(sums.discount), "ok"))
    if sums.coupon_discount:
        lines.append(Line(f"Coupon {coupon}", taken_off(sums.coupon_discount), "ok"))
    if sums.tax:
        lines.append(Line("GST included", format_rupees(sums.tax), "muted"))
    return lines


def taken_off(paise: int) -> str:
    """Return "− ₹1,500"."""
    return f"− {format_rupees(paise)}"


def item_detail(item: Package | Service, zone: str, now: dt.datetime) -> str:
    """Return what one gets for it: "6 sessions of 45 minutes, valid until Sat, 31 Jul 2027"."""
    if isinstance(item, Package):
        until = format_day(expiry(now, item.validity_days), zone)
        return f"{sessions_words(item.max_sessions, item.session_minutes)}, valid until {until} if you pay today"
    return sessions_words(1, item.duration)
