"""What stays when a person is forgotten, and how their words are found in other texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

ERASED_NAME = "Erased person"
ERASED = "[erased]"
ERASED_PHONE = "1111111111"  # digits, so that a number inside JSON stays one
NOTHING = "(?!)"  # matches nowhere
# Indian tax law wants books and invoices for six years after the year's return (CGST Act, section 36).
KEPT = (
    "The books keep what the law asks for: sums, dates and receipt numbers, without the name. "
    "Files that were exported or uploaded before go after 7 days. "
    "The payment gateway, the mail server and backups keep their own records for their own time."
)


def erased_email(public_id: str) -> str:
    """Return the address that stands where the person's stood: of a domain that nobody can have (RFC 2606)."""
    return f"erased-{public_id.removeprefix('user_').lower()}@erased.invalid"


def email_pattern(emails: Iterable[str]) -> str:
    """Return a pattern of Postgres that finds these addresses; one that finds nothing without any."""
    found = _either(sorted({re.escape(email) for email in emails if email}))
    return rf"(?<![[:alnum:]._+-]){found}(?![[:alnum:]_-]|\.[[:alnum:]])"  # not inside a longer address


def phone_pattern(phones: Iterable[str | None]) -> str:
    """Return a pattern of Postgres that finds these numbers, with and without country, spaces and hyphens."""
    last_ten = {re.sub(r"\D", "", phone or "")[-10:] for phone in phones}
    found = _either(["[ -]?".join(digits) for digits in sorted(last_ten) if len(digits) == 10])
    return rf"(?<![0-9])(\+?91[ -]?)?{found}(?![0-9])"


def name_pattern(name: str) -> str:
    """Return a pattern of Postgres that finds the whole name, and the first name as a word of its own."""
    words = [re.escape(word) for word in name.split()]
    first = next((word for word in words if not word.endswith(".")), "")
    whole = r"\s+".join(words)
    return rf"\y({whole}|{first})\y" if len(first) > 1 else rf"\y{whole}\y"


def _either(patterns: Sequence[str]) -> str:
    return "(" + "|".join(patterns) + ")" if patterns else NOTHING
