"""Refusals of this room."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.core.errors import Conflict


class StaleVersion(Conflict):
    """Somebody else changed the inquiry since this person opened it; nothing of theirs was stored.

    ``changes`` lists (label of the field, what it says now), ``by`` names who changed it ("" if unknown).
    """

    code = "STALE_VERSION"

    def __init__(self, changes: Sequence[tuple[str, str]] = (), *, by: str = "") -> None:
        self.changes, self.by = list(changes), by
        what = "; ".join(f"{label}: {theirs or 'empty'}" for label, theirs in self.changes)
        words = f"{by or 'Somebody'} changed this while you had it open{f' ({what})' if what else ''}."
        super().__init__(f"{words} Nothing of yours was stored. Look at it and save again.")
