"""Reviews as the JSON door writes and reads them (api.md "counselling-reviews")."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import COUNSELLOR, REVIEW, SESSION, STUDENT
from webapp.core.jsonapi.schemas import In, Out, PageQuery
from webapp.core.jsonapi.words import camel
from webapp.reviews.models import Review
from webapp.reviews.queries import ReviewSort
from webapp.reviews.rules import ASPECTS, MOST_TAGS, NOTE_LIMIT, TAG_LIMIT, TEXT_LIMIT, shorten_name

_ABOUT = "Stars for parts of the whole; any may be left out."
AspectsIn = type("AspectsIn", (In,), {"__doc__": _ABOUT, **{name: f.Whole(least=1, most=5) for name in ASPECTS}})
ASPECT = {"type": "object", "additionalProperties": {"type": "integer"}}


class ReviewIn(In):
    """What a student says of a completed session."""

    session_id = f.Id(required=True)
    counsellor_id = f.Id()
    rating = f.Whole(required=True, least=1, most=5)
    review = f.Text(longest=TEXT_LIMIT, load_default="")
    would_recommend = f.Flag(load_default=True)
    tags = f.Listed(f.Text(shortest=1, longest=TAG_LIMIT), most=MOST_TAGS)
    aspects = f.Inner(AspectsIn)


class PublishIn(In):
    """Whether the review is public; ``note`` is for staff alone."""

    is_published = f.Flag(load_default=True)
    note = f.Text(longest=NOTE_LIMIT, load_default="")


class RespondIn(In):
    """The counsellor's words, in public."""

    response = f.Text(required=True, longest=TEXT_LIMIT)


class CounsellorReviewsQuery(PageQuery):
    """Filters of a counsellor's reviews."""

    rating = f.QueryWhole(least=1, most=5)
    is_published = f.QueryFlag(metadata={"description": "For admins alone; others see published reviews."})
    sort = f.Choice(ReviewSort, load_default="newest")


class ReviewQuery(CounsellorReviewsQuery):
    """Filters of all reviews."""

    counsellor_id = f.Id()


class PublicReviewOut(Out):
    """A review as anyone may read it; the name is shortened."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": REVIEW})
    rating = fields.Integer(required=True)
    text = fields.String(data_key="review", required=True)
    student_name = fields.Method("_name", required=True, metadata={"type": "string", "example": "Amit K."})
    would_recommend = fields.Boolean(required=True)
    tags = fields.List(fields.String(), required=True)
    aspects = fields.Method("_aspects", required=True, metadata=ASPECT)
    response = fields.Method("_response", metadata={"type": "string"})
    responded_at = f.Instant()
    is_published = fields.Method("_is_published", required=True, metadata={"type": "boolean"})
    created_at = f.Instant(required=True)
    published_at = f.Instant()

    def _name(self, review: Review) -> str:
        return shorten_name(review.student.name)

    def _aspects(self, review: Review) -> dict[str, Any]:
        return {camel(name): stars for name, stars in review.aspects.items()}

    def _response(self, review: Review) -> str | None:
        return review.response or None

    def _is_published(self, review: Review) -> bool:
        return review.published_at is not None


class ReviewOut(PublicReviewOut):
    """A review as those see it who work with it."""

    session_id = fields.String(attribute="session.public_id", required=True, metadata={"example": SESSION})
    counsellor_id = fields.String(attribute="counsellor.public_id", required=True, metadata={"example": COUNSELLOR})
    counsellor_name = fields.String(attribute="counsellor.name", required=True)
    student_id = fields.String(attribute="student.public_id", required=True, metadata={"example": STUDENT})

    def _name(self, review: Review) -> str:
        return review.student.name


class StarsOut(Out):
    """How many reviews gave each number of stars."""

    five = fields.Integer(data_key="5", required=True)
    four = fields.Integer(data_key="4", required=True)
    three = fields.Integer(data_key="3", required=True)
    two = fields.Integer(data_key="2", required=True)
    one = fields.Integer(data_key="1", required=True)


class ReviewStatsOut(Out):
    """The published reviews of a counsellor in numbers."""

    average_rating = fields.Float(required=True)
    total_reviews = fields.Integer(required=True)
    rating_distribution = fields.Nested(StarsOut, required=True)


class CounsellorReviewsOut(Out):
    """A page of a counsellor's reviews, and all of them in numbers."""

    reviews = fields.List(fields.Nested(PublicReviewOut), required=True)
    stats = fields.Nested(ReviewStatsOut, required=True)
