"""What something costs: discount, coupon, the GST inside. Integer paise, no floats. Source: product.md "Money"."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.payments.models import DiscountType

SMALLEST_PAYMENT = 100  # paise: the gateway takes no payment below one rupee


def half_up(numerator: int, denominator: int) -> int:
    """Return the quotient of two whole numbers of zero or more, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def gst_inside(amount: int, percent: int) -> int:
    """Return the GST that a price of ``amount`` paise includes: amount − amount/(1+r), rounded half up."""
    return half_up(amount * percent, 100 + percent)


def coupon_takes(kind: DiscountType, value: int, price: int) -> int:
    """Return what a coupon takes off ``price`` paise, at most all of it.

    ``value`` is a whole per cent or paise. What is left is zero or can be paid: a rest below one
    rupee, which no gateway takes, is let off too.
    """
    off = half_up(price * value, 100) if kind is DiscountType.PERCENT else value
    off = min(off, price)
    return price if price - off < SMALLEST_PAYMENT else off


@dataclass(frozen=True, slots=True)
class Price:
    """The sums of an order in paise: ``amount`` = ``price`` − ``discount`` − ``coupon_discount``; ``tax`` is inside."""

    price: int
    discount: int
    coupon_discount: int
    tax: int

    @property
    def amount(self) -> int:
        """What is to be paid."""
        return self.price - self.discount - self.coupon_discount


def price_of(price: int, selling: int, *, gst_percent: int, coupon: tuple[DiscountType, int] | None = None) -> Price:
    """Return the sums for a list price and what it sells for (paise), with a coupon (kind, value) if there is one.

    Raises:
        ValueError: a selling price below zero or above the list price.
    """
    if not 0 <= selling <= price:
        raise ValueError(f"a selling price of {selling} for a price of {price}")
    off = coupon_takes(*coupon, selling) if coupon else 0
    return Price(price, price - selling, off, gst_inside(selling - off, gst_percent))
