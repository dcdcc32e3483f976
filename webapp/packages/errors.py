"""Refusals of the catalogue's desk, and what its constraints mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.core.errors import Conflict, DuplicateEntry, InvalidState, register_constraint

SLUG_TAKEN = "Another package has this address already. Choose another."


class SlugTaken(DuplicateEntry):
    """Another package, perhaps a hidden or archived one, has this address."""

    message = SLUG_TAKEN

    def __init__(self) -> None:
        super().__init__(fields={"slug": SLUG_TAKEN})


@dataclass(frozen=True, slots=True)
class Theirs:
    """A field that somebody else changed meanwhile: its name, and in words what it is now."""

    field: str
    label: str
    now: str


class StaleVersion(Conflict):
    """Somebody saved the package since it was opened; ``changes`` says what. Nothing was written."""

    message = "Somebody else saved this package while you were editing. Nothing of yours is lost."

    def __init__(self, changes: Sequence[Theirs]) -> None:
        super().__init__()
        self.changes = list(changes)


class PackageInUse(InvalidState):
    """It was bought, ordered, wished for or is named by a coupon: deleting it would tear those apart."""

    message = "This package is used by orders, enrolments, leads or coupons. Archive it instead: nothing is lost then."


register_constraint("uq_packages_slug", SlugTaken)
