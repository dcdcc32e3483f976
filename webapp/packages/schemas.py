"""Packages as the JSON door writes and reads them (api.md "counselling-packages")."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import COUNSELLOR, PACKAGE
from webapp.core.jsonapi.schemas import In, Out, PageQuery
from webapp.counsellors.schemas import CounsellorBriefOut
from webapp.packages.models import ExamType, Package
from webapp.packages.rules.discounts import percentage_of
from webapp.packages.rules.editing import (
    FEATURE_TEXT,
    FEATURE_TITLE,
    HIGHEST_ORDER,
    HIGHLIGHT,
    LIMITS,
    MOST_DAYS,
    MOST_FEATURES,
    MOST_HIGHLIGHTS,
    MOST_SESSIONS,
    SESSION_LENGTHS,
)
from webapp.packages.rules.slugs import LONGEST_SLUG

IDS = {"type": "array", "items": {"type": "string"}, "example": [COUNSELLOR]}
LENGTHS = {"enum": list(SESSION_LENGTHS)}
A_LENGTH = validate.OneOf(SESSION_LENGTHS, error="must be 30, 45, 60 or 90.")


class FeatureIn(In):
    """A line of what a package holds, or says it does not hold."""

    title = f.Text(required=True, longest=FEATURE_TITLE)
    description = f.Text(longest=FEATURE_TEXT, load_default="")
    included = f.Flag(load_default=True)


class FeatureOut(Out):
    """A line of what a package holds."""

    title = fields.String(required=True)
    description = fields.String(required=True)
    included = fields.Boolean(required=True)


class PackageIn(In):
    """A new package. Give the discount as a price or as a per cent; both must agree within one."""

    name = f.Text(required=True, longest=LIMITS["name"])
    slug = f.Text(longest=LONGEST_SLUG, load_default="")
    exam_type = f.Choice(ExamType, required=True)
    description = f.Text(longest=LIMITS["description"], load_default="")
    short_description = f.Text(longest=LIMITS["short_description"], load_default="")
    price = f.Rupees(required=True, positive=True)
    discount_price = f.Rupees(allow_none=True)
    discount_percentage = f.Number(most=100, allow_none=True)
    currency = f.Choice(["INR"], load_default="INR")
    validity_days = f.Whole(required=True, least=1, most=MOST_DAYS)
    features = f.Listed(f.Inner(FeatureIn), most=MOST_FEATURES)
    max_sessions = f.Whole(least=1, most=MOST_SESSIONS, load_default=1)
    session_minutes = f.Whole(data_key="sessionDuration", load_default=30, validate=A_LENGTH, metadata=LENGTHS)
    highlights = f.Listed(f.Text(longest=HIGHLIGHT), most=MOST_HIGHLIGHTS)
    counsellor_ids = f.Listed(f.Id(), most=200)
    badge = f.Text(longest=LIMITS["badge"], load_default="", allow_none=True)
    badge_color = f.Text(
        longest=7,
        load_default="",
        allow_none=True,
        validate=validate.Regexp("^(#[0-9A-Fa-f]{6})?$", error="must be a colour such as #E8590C."),
    )
    is_active = f.Flag(load_default=True)
    is_featured = f.Flag(load_default=False)
    display_order = f.Whole(most=HIGHEST_ORDER)
    terms = f.Text(data_key="termsAndConditions", longest=LIMITS["terms"], load_default="")


class PackagePatchIn(PackageIn):
    """What to change of a package; what is left out stays."""


class PackageQuery(PageQuery):
    """Filters of the catalogue."""

    exam_type = f.Choice(ExamType)
    is_active = f.QueryFlag()
    is_featured = f.QueryFlag()
    sort = f.sort_field("displayOrder", "price", "name", "createdAt", default="displayOrder")


class PlaceIn(In):
    """A package and its place."""

    id = f.Id(required=True)
    display_order = f.Whole(required=True, most=HIGHEST_ORDER)


class ReorderIn(In):
    """Places of packages; lower ones come first."""

    packages = f.Listed(f.Inner(PlaceIn), least=1, most=500, required=True)


class PackageOut(Out):
    """A package. ``counsellorIds`` empty means that all active counsellors may be booked."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": PACKAGE})
    name = fields.String(required=True)
    slug = fields.String(required=True)
    exam_type = f.Choice(ExamType, required=True)
    description = fields.String(required=True)
    short_description = fields.String(required=True)
    price = f.Rupees(required=True)
    discount_price = f.Rupees()
    discount_percentage = fields.Method("_percentage", metadata={"type": "number"})
    currency = fields.String(required=True)
    validity_days = fields.Integer(required=True)
    features = fields.List(fields.Nested(FeatureOut), required=True)
    max_sessions = fields.Integer(required=True)
    session_minutes = fields.Integer(data_key="sessionDuration", required=True)
    highlights = fields.List(fields.String(), required=True)
    counsellor_ids = fields.Method(
        "_counsellor_ids",
        required=True,
        metadata=IDS,
    )
    badge = fields.String()
    badge_color = fields.String()
    is_active = fields.Boolean(required=True)
    is_featured = fields.Boolean(required=True)
    display_order = fields.Integer(required=True)
    terms = fields.String(data_key="termsAndConditions", required=True)
    total_enrolments = fields.Integer(data_key="totalEnrollments", required=True)
    created_at = f.Instant(required=True)
    updated_at = f.Instant(required=True)

    def _percentage(self, package: Package) -> float | None:
        price = package.discount_price
        return None if price is None else float(percentage_of(package.price, price))

    def _counsellor_ids(self, package: Package) -> list[str]:
        return [one.public_id for one in package.counsellors]


class PackageDetailOut(PackageOut):
    """A package with the counsellors who may be booked with it: ``{"package": …, "counsellors": […]}``."""

    counsellors = fields.List(fields.Nested(CounsellorBriefOut), required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Read the counsellors beside the package, everything else of it."""
        return obj["counsellors"] if attr == "counsellors" else super().get_attribute(obj["package"], attr, default)

    def _percentage(self, found: Any) -> float | None:
        return super()._percentage(found["package"])

    def _counsellor_ids(self, found: Any) -> list[str]:
        return super()._counsellor_ids(found["package"])
