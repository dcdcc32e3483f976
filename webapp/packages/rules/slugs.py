"""The last part of a package's address: small letters, digits and single hyphens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 140
FALLBACK = "package"


def suggest_slug(name: str) -> str:
    """Return an address for a name: "JEE — Complete!" → "jee-complete"; "package" where no letter is left."""
    plain = unicodedata.normalize("NFKD", name[: 2 * LONGEST_SLUG]).encode("ascii", "ignore").decode().lower()
    plain = plain.replace("'", "")
    return "-".join(re.findall(r"[a-z0-9]+", plain))[: LONGEST_SLUG - 5].strip("-") or FALLBACK


def free_slug(wanted: str, taken: Collection[str]) -> str:
    """Return the wanted address, or the first of "…-2", "…-3" that nobody has."""
    number, found = 1, wanted
    while found in taken:
        number += 1
        found = f"{wanted}-{number}"
    return found
