"""`/api/v1/counselling-reviews`."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts.viewer import caller_is_admin, viewer
from webapp.core.db import transaction
from webapp.core.errors import Forbidden, ValidationFailed
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.jsonapi.examples import COUNSELLOR, SESSION
from webapp.reviews import queries, services
from webapp.reviews.models import Review
from webapp.reviews.queries import Distribution, ReviewsWanted
from webapp.reviews.schemas import (
    CounsellorReviewsOut,
    CounsellorReviewsQuery,
    PublishIn,
    RespondIn,
    ReviewIn,
    ReviewOut,
    ReviewQuery,
)
from webapp.reviews.services import ReviewWords

door = Door("counselling-reviews", __name__, about="What students say of their sessions.", area="reviews")
STARS = {5: "five", 4: "four", 3: "three", 2: "two", 1: "one"}
EXAMPLE = {
    "sessionId": SESSION,
    "counsellorId": COUNSELLOR,
    "rating": 5,
    "review": "Clear, and honest about what is within reach.",
    "wouldRecommend": True,
    "tags": ["clear", "honest"],
    "aspects": {"expertise": 5, "valueForMoney": 4},
}


@door.endpoint(
    "POST",
    "",
    who=["student"],
    body=ReviewIn,
    answer=ReviewOut,
    status=201,
    example=EXAMPLE,
    errors=[404],
    names={"text": "review"},
    keys=False,
)
def create_review(body: dict[str, Any]) -> Answer:
    """Review one's own completed session, once; it is public after an admin has read it."""
    said = ReviewWords(
        rating=body["rating"],
        text=body["review"],
        would_recommend=body["would_recommend"],
        tags=body.get("tags", ()),
        aspects=body.get("aspects", {}),
    )
    with transaction():
        review = services.write_review(student=viewer(), session_id=body["session_id"], said=said, now=g.now)
        if body.get("counsellor_id", review.counsellor.public_id) != review.counsellor.public_id:
            raise ValidationFailed(fields={"counsellor_id": "This session was with another counsellor."})
        return Answer(review, message="Thank you. Your review is public once we have read it.")


@door.endpoint(
    "GET",
    "/counsellor/<counsellor_id>",
    who=["public"],
    query=CounsellorReviewsQuery,
    answer=CounsellorReviewsOut,
    paged=True,
    example_query={"rating": "5", "sort": "highest"},
)
def list_counsellor_reviews(counsellor_id: str, query: dict[str, Any]) -> Answer:
    """List a counsellor's published reviews with their numbers; names are shortened."""
    everything = caller_is_admin()
    if "is_published" in query and not everything:
        raise Forbidden("Only admins may filter by isPublished.")
    counsellor = queries.counsellor_reviewed(counsellor_id, everything=everything)
    wanted = ReviewsWanted(counsellor.id, query.get("rating"), query.get("is_published", True), query["sort"])
    page = queries.reviews_for_programs(wanted, page=query["page"], limit=query["limit"])
    stats = _stats(queries.stars_of(counsellor.id))
    return paged(page, data={"reviews": page.items, "stats": stats})


@door.endpoint(
    "GET",
    "",
    who=["admin"],
    query=ReviewQuery,
    answer=ReviewOut,
    many=True,
    paged=True,
    example_query={"isPublished": "false"},
    errors=[404],
)
def list_reviews(query: dict[str, Any]) -> Answer:
    """List all reviews, those that wait to be published among them."""
    counsellor_id = None
    if "counsellor_id" in query:
        counsellor_id = queries.counsellor_reviewed(query["counsellor_id"], everything=True).id
    wanted = ReviewsWanted(counsellor_id, query.get("rating"), query.get("is_published"), query["sort"])
    return paged(queries.reviews_for_programs(wanted, page=query["page"], limit=query["limit"]))


@door.endpoint(
    "PATCH", "/<review_id>/publish", who=["admin"], body=PublishIn, answer=ReviewOut, example={"isPublished": True}
)
def publish_review(review_id: str, body: dict[str, Any]) -> Review:
    """Make a review public, or take it back; the counsellor's rating follows."""
    actor, note = viewer(), body["note"]
    with transaction():
        if body["is_published"]:
            return services.publish_review(actor=actor, review_id=review_id, note=note, now=g.now)
        return services.unpublish_review(actor=actor, review_id=review_id, note=note, now=g.now)


@door.endpoint(
    "POST",
    "/<review_id>/respond",
    who=["counsellor"],
    body=RespondIn,
    answer=ReviewOut,
    example={"response": "Thank you. All the best for the rounds."},
    keys=False,
)
def respond_to_review(review_id: str, body: dict[str, Any]) -> Review:
    """Answer a published review of one's own, in public; a second answer takes the place of the first."""
    with transaction():
        return services.respond_to_review(actor=viewer(), review_id=review_id, text=body["response"], now=g.now)


def _stats(stars: Distribution) -> dict[str, Any]:
    return {
        "average_rating": round(stars.average, 2),
        "total_reviews": stars.count,
        "rating_distribution": {STARS[number]: count for number, count in stars.by_stars.items()},
    }
