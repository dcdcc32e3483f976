"""What the buttons at the lines of features do: add, up, down, remove. Nothing is saved by them."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.core.errors import ValidationFailed
from webapp.packages.forms import FeatureRow
from webapp.packages.rules.editing import MOST_FEATURES


@dataclass(frozen=True, slots=True)
class Outcome:
    """The lines afterwards, the id to focus, and what is spoken."""

    rows: list[FeatureRow]
    focus: str = ""
    said: str = ""


def act(rows: list[FeatureRow], text: str) -> Outcome:
    """Do what a button's value says: "add", "up:2", "down:2", "remove:2" (a line's key), "sorted" after a drag.

    Raises:
        ValidationFailed: there is no such button.
    """
    name, _, key = text.partition(":")
    if name == "add":
        return _add(rows)
    if name == "sorted":
        return Outcome(rows, said="The order of the features changed.")
    place = next((place for place, row in enumerate(rows) if row.key == key), None)
    if place is None or name not in ("up", "down", "remove"):
        raise ValidationFailed("This page does not know that button. Nothing was changed.")
    return _remove(rows, place) if name == "remove" else _move(rows, place, name)


def _add(rows: list[FeatureRow]) -> Outcome:
    if len(rows) >= MOST_FEATURES:
        return Outcome(rows, "add-feature", f"A package has at most {MOST_FEATURES} features.")
    used = {row.key for row in rows}
    key = next(str(number) for number in range(len(rows) + 1) if str(number) not in used)
    return Outcome([*rows, FeatureRow(key)], f"feature-{key}-title", f"Feature {len(rows) + 1} added.")


def _remove(rows: list[FeatureRow], place: int) -> Outcome:
    left = [*rows[:place], *rows[place + 1 :]]
    near = left[min(place, len(left) - 1)] if left else None
    return Outcome(left, f"feature-{near.key}-title" if near else "add-feature", f"Feature {place + 1} removed.")


def _move(rows: list[FeatureRow], place: int, way: str) -> Outcome:
    there = place - 1 if way == "up" else place + 1
    if not 0 <= there < len(rows):
        return Outcome(rows)
    moved = list(rows)
    moved[place], moved[there] = moved[there], moved[place]
    end = there in (0, len(rows) - 1) and there == (0 if way == "up" else len(rows) - 1)
    back = {"up": "down", "down": "up"}[way]
    focus = f"feature-{rows[place].key}-{back if end else way}"
    return Outcome(moved, focus, f"Feature {place + 1} is now feature {there + 1} of {len(rows)}.")
