"""What an editor has seen of a package, as a short text that goes to the page and comes back with it.

A page sends the version it was made from; the service compares it field by field. So a purchase or a new
place in the list disturbs nobody, and whoever comes second learns exactly what the other one changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from webapp.core.money import format_rupees
from webapp.packages.models import Package
from webapp.packages.rules import exam_label
from webapp.packages.rules.discounts import settle
from webapp.packages.rules.editing import FeatureInput, PackageInput

COMPARED = (
    "name", "slug", "exam_type", "short_description", "description", "price", "discount_price", "validity_days",
    "max_sessions", "session_minutes", "features", "highlights", "counsellor_ids", "badge", "badge_color", "terms",
    "is_active", "is_featured",
)  # fmt: skip
_DIGITS, _SHOWN = 8, 160


def as_input(package: Package) -> PackageInput:
    """Return a package as an input that would change nothing; reads its features and counsellors."""
    return PackageInput(
        name=package.name,
        slug=package.slug,
        exam_type=package.exam_type.value,
        short_description=package.short_description,
        description=package.description,
        price=package.price,
        discount_price=package.discount_price,
        validity_days=package.validity_days,
        max_sessions=package.max_sessions,
        session_minutes=package.session_minutes,
        features=tuple(FeatureInput(one.title, one.description, one.included) for one in package.features),
        highlights=tuple(package.highlights),
        counsellor_ids=tuple(one.public_id for one in package.counsellors),
        badge=package.badge or "",
        badge_color=package.badge_color or "",
        terms=package.terms,
        is_active=package.is_active,
        is_featured=package.is_featured,
    )


def version_of(data: PackageInput) -> str:
    """Return the version of what an input says: some digits for every field."""
    return "".join(_digest(data, field) for field in COMPARED)


def differing(version: str, data: PackageInput) -> list[str]:
    """Return the fields in which an input differs from a version; all of them if it is not one."""
    if len(version) != _DIGITS * len(COMPARED):
        return list(COMPARED)
    return [
        field
        for place, field in enumerate(COMPARED)
        if version[place * _DIGITS : (place + 1) * _DIGITS] != _digest(data, field)
    ]


def _digest(data: PackageInput, field: str) -> str:
    return hashlib.sha256(repr(_value(data, field)).encode()).hexdigest()[:_DIGITS]


def _value(data: PackageInput, field: str) -> object:
    if field == "counsellor_ids":
        return sorted(data.counsellor_ids)
    if field == "features":
        return [(one.title, one.description, one.included) for one in data.features]
    if field == "discount_price" and data.price is not None and data.price > 0:
        return settle(data.price, data.discount_price, data.discount_percentage).price
    if field in ("badge_color", "slug", "exam_type"):
        return str(getattr(data, field)).lower()
    return getattr(data, field)


def in_words(package: Package, field: str) -> str:
    """Return what a field of a package is now, in a few words."""
    value: Any = package.counsellors if field == "counsellor_ids" else getattr(package, field)
    match field:
        case "price" | "discount_price":
            text = format_rupees(value) if value is not None else ""
        case "exam_type":
            text = exam_label(value.value)
        case "features":
            text = ", ".join(str(one) for one in value)
        case "counsellor_ids":
            text = ", ".join(one.name for one in package.counsellors) or "all"
        case "highlights":
            text = ", ".join(value)
        case "is_active" | "is_featured":
            text = "yes" if value else "no"
        case "validity_days" | "session_minutes":
            text = f"{value} {'days' if field == 'validity_days' else 'min'}"
        case _:
            text = " ".join(str(value or "").split())
    return f"{text[:_SHOWN].rstrip()} …" if len(text) > _SHOWN else text or "empty"


def same(one: PackageInput, other: PackageInput, fields: Collection[str]) -> list[str]:
    """Return those of the fields in which two inputs say the same."""
    return [field for field in fields if _value(one, field) == _value(other, field)]
