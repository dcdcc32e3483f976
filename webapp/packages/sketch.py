"""A package as it would be, drawn for a preview and never saved."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields, replace

from webapp.counsellors.models import Counsellor
from webapp.packages.models import ExamType, Package, PackageFeature
from webapp.packages.rules.discounts import settle
from webapp.packages.rules.editing import FEATURE_TITLE, PackageInput, clean
from webapp.packages.rules.slugs import suggest_slug

BLANK = PackageInput(name="Name of the package", exam_type=ExamType.JEE.value, price=0, validity_days=365)


def sketch(
    data: PackageInput, wrong: Collection[str], saved: PackageInput | None, counsellors: Sequence[Counsellor]
) -> Package:
    """Return a row that belongs to no session; a field that is wrong shows what is saved, or an example."""
    data, instead = clean(data), saved or BLANK
    plain = {name.partition(".")[0] for name in wrong} - {"features"}
    named = {one.name for one in fields(PackageInput)}
    data = replace(data, **{name: getattr(instead, name) for name in plain & named})
    if plain & {"price", "discount_price", "discount_percentage"}:
        data = replace(data, discount_price=instead.discount_price, discount_percentage=None)
    price = data.price or 0
    lower = data.discount_price
    fits = price > 0 and (lower is None or lower <= price)
    return Package(
        name=data.name,
        slug=data.slug or suggest_slug(data.name),
        exam_type=ExamType(data.exam_type),
        short_description=data.short_description,
        description=data.description,
        terms=data.terms,
        price=price,
        discount_price=settle(price, lower, data.discount_percentage).price if fits else None,
        validity_days=data.validity_days or 1,
        max_sessions=data.max_sessions or 1,
        session_minutes=data.session_minutes or 30,
        highlights=list(data.highlights),
        badge=data.badge or None,
        badge_color=data.badge_color or None,
        is_active=data.is_active,
        is_featured=data.is_featured,
        total_enrolments=0,
        counsellors=list(counsellors),
        features=[
            PackageFeature(title=one.title[:FEATURE_TITLE], description=one.description, included=one.included)
            for one in data.features
            if one.title
        ],
    )
