"""Writes of counsellors' public profiles."""

from __future__ import annotations

from collections.abc import Callable

from webapp.core.db import db, lock_for_update
from webapp.core.errors import NotFound
from webapp.counsellors.models import Counsellor
from webapp.counsellors.rules import Tally, combined_rating


def record_rating(*, counsellor_id: int, tally: Callable[[int], Tally]) -> Counsellor:
    """Set a counsellor's rating and number of reviews: the start balance plus the published reviews.

    ``tally`` counts the published reviews of a counsellor (reviews live on a floor above). It is asked
    only once the counsellor's row is locked, so that of two reviews published at the same moment the
    second counts the first.

    Raises:
        NotFound: there is no such counsellor.
    """
    db.session.flush()  # the review just published is counted too
    counsellor: Counsellor | None = lock_for_update(db.session(), Counsellor, counsellor_id)
    if counsellor is None:
        raise NotFound("We could not find that counsellor.")
    counsellor.rating, counsellor.review_count = combined_rating(
        counsellor.rating_start, counsellor.reviews_start, tally(counsellor_id)
    )
    db.session.flush()  # a rating out of range shows here, not at some later statement
    return counsellor
