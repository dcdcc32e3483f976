"""Money: integer paise inside, rupees only where a person or the API reads them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

MAX_PAISE = 99_999_999_99  # product.md "Input": amounts ≤ 99,999,999.99


def group_indian(digits: str) -> str:
    """Return digits grouped the Indian way: "1234567" → "12,34,567"."""
    head, tail = digits[:-3], digits[-3:]
    parts: list[str] = []
    while head:
        parts.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*parts, tail])


def format_rupees(paise: int) -> str:
    """Return paise as "₹1,23,456", with two decimals only where they are not zero."""
    sign = "−" if paise < 0 else ""
    rupees, rest = divmod(abs(paise), 100)
    return f"{sign}₹{group_indian(str(rupees))}" + (f".{rest:02d}" if rest else "")


def parse_rupees(text: str) -> int:
    """Return the paise of a typed amount ("1,23,456.50", "₹499").

    Raises:
        ValueError: not a number, negative, more than two decimals, or above the limit.
    """
    try:
        value = Decimal(text.strip().removeprefix("₹").replace(",", ""))
    except InvalidOperation:
        raise ValueError("Enter an amount in rupees, like 499 or 499.50.") from None
    if not value.is_finite() or value < 0:
        raise ValueError("Enter an amount of zero or more.")
    if value > MAX_PAISE:  # before it is made larger: the product could overflow
        raise ValueError("Enter at most ₹9,99,99,999.99.")
    paise = value * 100
    if paise != paise.to_integral_value():
        raise ValueError("Use at most two decimals.")
    if paise > MAX_PAISE:
        raise ValueError("Enter at most ₹9,99,99,999.99.")
    return int(paise)
