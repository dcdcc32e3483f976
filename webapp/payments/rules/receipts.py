"""Receipts: the financial year, the number people see, the amount in words. Source: issue "Money", receipts."""

from __future__ import annotations

import datetime as dt

from num2words import num2words

from webapp.core.times import DEFAULT_ZONE, zone_info

APRIL = 4


def financial_year(instant: dt.datetime) -> str:
    """Return India's financial year (April to March, by the clock of India) of an instant: "2026-27"."""
    local = instant.astimezone(zone_info(DEFAULT_ZONE))
    first = local.year if local.month >= APRIL else local.year - 1
    return f"{first}-{(first + 1) % 100:02d}"


def receipt_number(year: str, number: int) -> str:
    """Return the number as people see it: "2026-27/000123"."""
    return f"{year}/{number:06d}"


def amount_in_words(paise: int) -> str:
    """Return an amount as it is written on a receipt: "Rupees Thirteen Thousand Four Hundred Ninety-Nine Only".

    Lakhs and crores, paise only where there are some. ValueError below zero.
    """
    if paise < 0:
        raise ValueError("a receipt has no negative amount")
    rupees, rest = divmod(paise, 100)
    words = f"Rupees {_words(rupees)}"
    return f"{words} and {_words(rest)} Paise Only" if rest else f"{words} Only"


def _words(number: int) -> str:
    plain = str(num2words(number, lang="en_IN")).replace(",", "").replace(" and ", " ")
    return " ".join("-".join(part.capitalize() for part in word.split("-")) for word in plain.split())
