"""A discount said in two ways, as a price and as a per cent, that must agree within one (api.md).

What is kept is the discounted price in paise; the per cent always follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

AGREE_WITHIN = Decimal(1)
ROUND_FROM = 100_00  # below ₹100 a whole rupee is more than one per cent
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Discount:
    """Both sides of one discount; None where nothing is taken off. ``problem`` says why they do not fit."""

    price: int | None = None
    percentage: Decimal | None = None
    problem: str = ""


def percentage_of(price: int, discount_price: int) -> Decimal:
    """Return the per cent a discounted price takes off, to two decimals: 19999, 14999 → 25."""
    exact = Decimal(price - discount_price) * 100 / price
    return Decimal(f"{exact.quantize(_CENT, ROUND_HALF_UP).normalize():f}")  # 50, never 5E+1


def price_after(price: int, percentage: Decimal) -> int:
    """Return the price in paise after a per cent is taken off, in whole rupees from ₹100 on."""
    exact = Decimal(price) * (100 - percentage) / 100
    step = 100 if price >= ROUND_FROM else 1
    return min(price, int((exact / step).quantize(Decimal(1), ROUND_HALF_UP)) * step)


def agree(price: int, discount_price: int, percentage: Decimal) -> bool:
    """Tell whether the two sides say the same, within one per cent of the price."""
    return abs(Decimal(price - discount_price) * 100 / price - percentage) <= AGREE_WITHIN


def settle(price: int, discount_price: int | None, percentage: Decimal | None) -> Discount:
    """Return the discount of a price above zero: either side fills the other, 0 % is no discount.

    A discounted price must lie between 0 and ``price`` and a per cent between 0 and 100: the caller has looked.
    """
    if discount_price is None:
        if not percentage:
            return Discount()
        after = price_after(price, percentage)
        return Discount(after, percentage_of(price, after)) if after < price else Discount()
    real = percentage_of(price, discount_price)
    if percentage is not None and not agree(price, discount_price, percentage):
        return Discount(discount_price, real, f"This price is {percent_text(real)} % off. Leave one of the two empty.")
    return Discount() if discount_price == price else Discount(discount_price, real)


def percent_text(percentage: Decimal | None) -> str:
    """Return a per cent as one types it: "25", "12.5", "16.67"."""
    return "" if percentage is None else f"{percentage.normalize():f}"
