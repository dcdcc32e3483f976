from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_review, make_session, make_user
from webapp.core.errors import NotFound
from webapp.counsellors.models import Counsellor
from webapp.counsellors.rules import Tally
from webapp.counsellors.services import record_rating
from webapp.reviews.models import Review
from webapp.reviews.queries import tally_of


def review(counsellor: Counsellor, rating: int, *, published: bool = True) -> Review:
    enrolment = make_enrolment(make_user())
    session = make_session(enrolment, counsellor, NOW, status="cancelled")
    return make_review(session, published=published, rating=rating)


def test_the_balance_and_the_published_reviews_make_the_rating(db_session: Session) -> None:
    counsellor = make_counsellor(rating_start=Decimal("4.5"), reviews_start=2, rating=Decimal("4.5"), review_count=2)
    review(counsellor, 3)
    review(counsellor, 1, published=False)
    record_rating(counsellor_id=counsellor.id, tally=tally_of)
    db_session.refresh(counsellor)
    assert (counsellor.rating, counsellor.review_count) == (Decimal("4.00"), 3)


def test_the_review_published_in_this_very_transaction_counts(db_session: Session) -> None:
    counsellor = make_counsellor(rating=Decimal(0))
    pending = review(counsellor, 4, published=False)
    pending.published_at = NOW
    record_rating(counsellor_id=counsellor.id, tally=tally_of)
    assert (counsellor.rating, counsellor.review_count) == (Decimal("4.00"), 1)
    pending.published_at = None
    record_rating(counsellor_id=counsellor.id, tally=tally_of)
    assert (counsellor.rating, counsellor.review_count) == (Decimal("0.00"), 0)


def test_nobody_is_rated_who_does_not_exist(db_session: Session) -> None:
    with pytest.raises(NotFound):
        record_rating(counsellor_id=0, tally=tally_of)


def test_the_database_refuses_a_rating_out_of_range(db_session: Session) -> None:
    counsellor = make_counsellor()
    with pytest.raises(DBAPIError):
        record_rating(counsellor_id=counsellor.id, tally=lambda _id: Tally(count=1, stars=60))
