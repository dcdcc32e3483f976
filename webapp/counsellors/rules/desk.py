"""Where a counsellor stands with us, the desk's list, and moving a row of it. Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass


class Standing(enum.StrEnum):
    """What a profile is to the desk."""

    ACTIVE = "active"
    WAITING = "waiting"  # applied, nobody has answered
    DECLINED = "declined"
    OFF = "off"


class DeskPart(enum.StrEnum):
    """Parts of the desk's list; the words of the URL."""

    ACTIVE = "active"
    WAITING = "applications"
    OFF = "off"  # deactivated and declined


@dataclass(frozen=True, slots=True)
class DeskFilter:
    """What the desk's list is narrowed to: an exam type's value, and words that must all be found."""

    part: DeskPart = DeskPart.ACTIVE
    exam: str = ""
    search: str = ""


def moved(order: Sequence[int], key: int, up: bool) -> list[int]:
    """Return the order with ``key`` one place further up or down; at the end of the list it stays."""
    found = list(order)
    place = found.index(key)
    other = place - 1 if up else place + 1
    if 0 <= other < len(found):
        found[place], found[other] = found[other], found[place]
    return found
