"""Counsellors as the JSON door writes and reads them (api.md "counsellors")."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from marshmallow import fields, validate

from webapp.availability.schemas import WeekIn, WeekOut
from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import COUNSELLOR, REVIEW, SERVICE
from webapp.core.jsonapi.schemas import In, Out, PageQuery, Query
from webapp.core.uploads import LARGE
from webapp.counsellors.rules import DURATIONS, EXAMS
from webapp.counsellors.rules.profile import (
    LONGEST,
    LONGEST_ENTRY,
    MOST_ENTRIES,
    MOST_EXPERIENCE,
    MOST_ORDER,
    MOST_PEOPLE,
)
from webapp.counsellors.services.offers import MOST_SERVICES
from webapp.dashboards.staff.programs import SOONEST, SORTS
from webapp.notifications.links import external_url

LARGEST_BODY = 8 * 1024 * 1024  # a photo of 5 MB is a third longer as text
_PHOTO = re.compile(r"data:image/(?:jpeg|jpg|png|webp);base64,")
PHOTO_MESSAGES: f.Messages = {"invalid": "must be a JPG, PNG or WEBP file as data:image/…;base64,…"}
A_LENGTH = validate.OneOf(DURATIONS, error="must be 30, 45, 60 or 90.")
MINUTES = {"enum": list(DURATIONS), "description": "Minutes."}


class Photo(fields.Field[Any]):
    """A picture as a data-URI; its bytes inside."""

    default_error_messages = PHOTO_MESSAGES

    def __init__(self, **more: Any) -> None:
        super().__init__(allow_none=True, **more)
        about = "JPG, PNG or WEBP of at most 5 MB; null takes the photo down."
        self.metadata = {"type": "string", "pattern": f"^{_PHOTO.pattern}", "description": about, **self.metadata}

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> bytes:
        head = _PHOTO.match(value) if isinstance(value, str) else None
        if head is None:
            raise self.make_error("invalid")
        try:
            return base64.b64decode(value[head.end() :], validate=True)
        except (binascii.Error, ValueError):
            raise self.make_error("invalid") from None


def _entries() -> f.Listed:
    return f.Listed(f.Text(longest=LONGEST_ENTRY), most=MOST_ENTRIES)


class LinksIn(In):
    """Profiles elsewhere."""

    linkedin = f.Text(longest=LONGEST["linkedin"], allow_none=True)
    twitter = f.Text(longest=LONGEST["twitter"], allow_none=True)


class ServiceIn(In):
    """A single session on sale; with ``_id`` one that is there already."""

    public_id = f.Id(data_key="_id")
    title = f.Text(required=True, longest=LONGEST["service_title"])
    description = f.Text(longest=LONGEST["description"], load_default="")
    duration = f.Whole(required=True, validate=A_LENGTH, metadata=MINUTES)
    price = f.Rupees(required=True, positive=True)


class OwnProfileIn(In):
    """What a counsellor may write; what is left out stays."""

    largest_body = LARGEST_BODY

    name = f.Text(required=True, longest=LONGEST["name"])
    title = f.Text(required=True, longest=LONGEST["title"])
    phone = f.Text(longest=24, allow_none=True)
    image_base64 = Photo(data_key="imageBase64")
    bio = f.Text(longest=LONGEST["bio"])
    short_bio = f.Text(longest=LONGEST["short_bio"])
    qualifications = _entries()
    certifications = _entries()
    specializations = _entries()
    exam_types = f.Listed(f.Choice(EXAMS), most=len(EXAMS))
    experience = f.Whole(most=MOST_EXPERIENCE, metadata={"description": "Years."})
    languages = _entries()
    location = f.Text(longest=LONGEST["location"])
    social_links = f.Inner(LinksIn)
    timezone = f.Zone()
    availability = f.Inner(WeekIn)


class CounsellorIn(OwnProfileIn):
    """A counsellor. ``rating`` and ``totalReviews`` are a balance that published reviews add to."""

    email = f.Text(required=True, longest=254, metadata={"format": "email"})
    students_guided = f.Whole(most=MOST_PEOPLE)
    rating = f.Number(most=5)
    total_reviews = f.Whole(most=MOST_PEOPLE)
    hourly_rate = f.Rupees()
    services = f.Listed(f.Inner(ServiceIn), most=MOST_SERVICES)
    is_active = f.Flag()
    is_featured = f.Flag()
    display_order = f.Whole(most=MOST_ORDER)


class CounsellorPatchIn(CounsellorIn):
    """What to change of a counsellor; ``services`` replaces the list, and one that is left out goes off sale."""


class OwnProfilePatchIn(OwnProfileIn):
    """What to change of one's own profile."""


class CounsellorQuery(PageQuery):
    """Filters of the counsellors; words match whatever their case."""

    exam_type = f.Choice(EXAMS)
    specialization = f.Text(longest=LONGEST_ENTRY)
    language = f.Text(longest=LONGEST_ENTRY)
    min_rating = f.QueryNumber(most=5)
    max_price = f.QueryRupees(metadata={"description": "Rupees an hour."})
    search = f.Text(longest=80, load_default="")
    available = f.QueryFlag(metadata={"description": "Whether there is a free time within three weeks."})
    is_active = f.QueryFlag()
    is_featured = f.QueryFlag()
    sort = f.sort_field(*SORTS, SOONEST, default="displayOrder")


class RatingIn(In):
    """A rating that published reviews add to; ``reviewId`` names the review that was the cause."""

    new_rating = f.Number(required=True, most=5)
    review_id = f.Id(metadata={"example": REVIEW})


class ClosingIn(In):
    """Why a counsellor leaves, for the log; ``message`` is what students of cancelled sessions read."""

    reason = f.Text(required=True, longest=LONGEST["reason"])
    message = f.Text(longest=LONGEST["reason"])


class EarningsQuery(Query):
    """This week, month (without anything) or year, or dates of the counsellor's calendar, 366 at most."""

    period = f.Choice(["week", "month", "year"])
    start_date = f.Day()
    end_date = f.Day()


class LinksOut(Out):
    """Profiles elsewhere."""

    linkedin = fields.String(dump_default=None)
    twitter = fields.String(dump_default=None)


class ServiceOut(Out):
    """A single session on sale."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": SERVICE})
    title = fields.String(required=True)
    description = fields.String(required=True)
    duration = fields.Integer(required=True, metadata=MINUTES)
    price = f.Rupees(required=True)
    is_active = fields.Boolean(required=True)


class CounsellorOut(Out):
    """A counsellor. Mail and phone are there for admins and that counsellor alone."""

    public_id = f.Id(attribute="counsellor.public_id", data_key="_id", required=True, metadata={"example": COUNSELLOR})
    name = fields.String(attribute="counsellor.name", required=True)
    title = fields.String(attribute="counsellor.title", required=True)
    email = fields.String(attribute="contact.email")
    phone = fields.String(attribute="contact.phone")
    image = fields.Method("_image", metadata={"type": "string", "format": "uri"})
    bio = fields.String(attribute="counsellor.bio", required=True)
    short_bio = fields.String(attribute="counsellor.short_bio", required=True)
    qualifications = fields.List(fields.String(), attribute="counsellor.qualifications", required=True)
    certifications = fields.List(fields.String(), attribute="counsellor.certifications", required=True)
    specializations = fields.List(fields.String(), attribute="counsellor.specializations", required=True)
    exam_types = fields.List(fields.String(), attribute="counsellor.exam_types", required=True)
    experience = fields.Integer(attribute="counsellor.experience", required=True, metadata={"description": "Years."})
    students_guided = fields.Integer(attribute="counsellor.students_guided", required=True)
    rating = fields.Float(attribute="counsellor.rating", required=True)
    total_reviews = fields.Integer(attribute="counsellor.review_count", required=True)
    languages = fields.List(fields.String(), attribute="counsellor.languages", required=True)
    location = fields.String(attribute="counsellor.location", required=True)
    hourly_rate = f.Rupees(attribute="counsellor.hourly_rate", required=True)
    services = fields.List(fields.Nested(ServiceOut), required=True)
    social_links = fields.Nested(LinksOut, attribute="counsellor.social_links", required=True)
    timezone = fields.String(required=True)
    availability = fields.Nested(WeekOut, required=True)
    is_active = fields.Boolean(attribute="counsellor.is_active", required=True)
    is_featured = fields.Boolean(attribute="counsellor.is_featured", required=True)
    display_order = fields.Integer(attribute="counsellor.display_order", required=True)
    next_available_slot = f.Instant(metadata={"description": "The soonest free start within three weeks."})
    created_at = f.Instant(attribute="counsellor.created_at", required=True)
    updated_at = f.Instant(attribute="counsellor.updated_at", required=True)

    def _image(self, view: Any) -> str | None:
        name = view.counsellor.photo
        return external_url("media.file", name=f"{name}-{LARGE}.webp") if name else None


class MonthOut(Out):
    """What was held in this month."""

    consultations = fields.Integer(attribute="month_consultations", required=True)
    minutes = fields.Integer(attribute="month_minutes", required=True)
    unique_students = fields.Integer(attribute="month_students", required=True)


class RecentOut(Out):
    """What was held of late."""

    last_7_days = fields.Integer(data_key="last7Days", required=True)
    last_30_days = fields.Integer(data_key="last30Days", required=True)
    last_90_days = fields.Integer(data_key="last90Days", required=True)


class StatsOut(Out):
    """A counsellor's sessions in numbers."""

    total = fields.Integer(attribute="figures.total", required=True)
    past = fields.Integer(attribute="figures.past", required=True)
    upcoming = fields.Integer(attribute="figures.upcoming", required=True)
    this_month = fields.Integer(attribute="figures.this_month", required=True)
    confirmed = fields.Integer(attribute="figures.confirmed", required=True)
    completed = fields.Integer(attribute="figures.completed", required=True)
    cancelled = fields.Integer(attribute="figures.cancelled", required=True)
    no_show = fields.Integer(attribute="figures.no_show", required=True)
    average_rating = fields.Float(attribute="counsellor.rating", required=True)
    total_ratings = fields.Integer(attribute="counsellor.review_count", required=True)
    total_minutes_conducted = fields.Integer(attribute="figures.minutes", required=True)
    this_month_stats = fields.Nested(MonthOut, attribute="month", required=True)
    recent_activity = fields.Nested(RecentOut, attribute="recent", required=True)


class ServiceEarningsOut(Out):
    """What one package or single session brought."""

    title = fields.String(required=True)
    earnings = f.Rupees(required=True)
    bookings = fields.Integer(required=True)


class DailyEarningsOut(Out):
    """What a day brought."""

    date = fields.Date(required=True)
    earnings = f.Rupees(required=True)
    bookings = fields.Integer(required=True)


class EarningsOut(Out):
    """Earnings of sessions that start in the span. ``pendingPayouts`` is all that is owed by now."""

    start_date = fields.Date(required=True)
    end_date = fields.Date(required=True)
    total_earnings = f.Rupees(required=True)
    total_bookings = fields.Integer(required=True)
    completed_sessions = fields.Integer(required=True)
    pending_payouts = f.Rupees(required=True)
    average_session_value = f.Rupees(required=True)
    by_service = fields.List(fields.Nested(ServiceEarningsOut), required=True)
    daily_earnings = fields.List(fields.Nested(DailyEarningsOut), required=True)
