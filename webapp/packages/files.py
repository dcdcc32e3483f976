"""Packages as a file: what its filter means, and its columns."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.core.csv_export import Cell, moment_cell, rupees_cell
from webapp.core.errors import ValidationFailed
from webapp.exports.registry import Params, register_export
from webapp.packages.asked import PART_WORDS, read_asked
from webapp.packages.models import Package
from webapp.packages.queries.desk import DeskFilter, Part, count_filtered, every_package
from webapp.packages.rules import exam_label
from webapp.packages.rules.discounts import percentage_of

HEADER = (
    "Place", "Name", "Address", "Exam", "State", "Featured", "Price", "Discount price", "Discount per cent",
    "Valid days", "Sessions", "Minutes", "Enrolments", "Badge", "Counsellors", "Included", "Not included", "Changed",
)  # fmt: skip


def register_files() -> None:
    """Offer the table of packages to admins."""
    register_export("packages", title="Packages", filename="packages.csv", header=HEADER, count=_count, rows=_rows)


def _filter(params: Params) -> DeskFilter:
    asked = read_asked(params.asked("show", "exam"))
    if asked.problems:
        raise ValidationFailed(" ".join(asked.problems))
    return asked.filter


def _count(params: Params) -> int:
    return count_filtered(_filter(params))


def _rows(params: Params, zone: str) -> Iterator[tuple[Cell, ...]]:
    for one in every_package(_filter(params)):
        lower = one.discount_price
        yield (
            one.display_order,
            one.name,
            one.slug,
            exam_label(one.exam_type.value),
            _state(one),
            "yes" if one.is_featured else "no",
            rupees_cell(one.price),
            rupees_cell(lower),
            None if lower is None else percentage_of(one.price, lower),
            one.validity_days,
            one.max_sessions,
            one.session_minutes,
            one.total_enrolments,
            one.badge or "",
            ", ".join(who.name for who in one.counsellors) or "all",
            ", ".join(line.title for line in one.features if line.included),
            ", ".join(line.title for line in one.features if not line.included),
            moment_cell(one.updated_at, zone),
        )


def _state(package: Package) -> str:
    part = Part.ARCHIVED if package.is_archived else Part.ON_SALE if package.is_active else Part.HIDDEN
    return PART_WORDS[part]
