from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from tests.crowd import Rush, Work
from tests.factories import NOW, make_counsellor, make_enrolment, make_review, make_session, make_user
from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.errors import DuplicateEntry
from webapp.counsellors.models import Counsellor
from webapp.reviews.services import ReviewWords, publish_review, unpublish_review, write_review

pytestmark = pytest.mark.race
MANY = 12


def _user(user_id: int) -> User:
    user = db.session.get(User, user_id)
    assert user is not None
    return user


def test_ratings_are_exact_when_many_are_published_and_taken_back_at_once(rush: Rush) -> None:
    counsellor, admin = make_counsellor(), make_user(role="admin").id
    student = make_enrolment(make_user())
    student.sessions_total = 2 * MANY
    reviews = []
    for number in range(2 * MANY):
        start = NOW - dt.timedelta(days=number + 1)
        session = make_session(student, counsellor, start, status="completed")
        published = number < MANY
        reviews.append(make_review(session, published=published, rating=1 + number % 5).public_id)
    counsellor.review_count, pk = MANY, counsellor.id
    db.session.commit()

    def taken_back(review: str) -> Work:
        return lambda: unpublish_review(actor=_user(admin), review_id=review, now=NOW)

    def published_now(review: str) -> Work:
        return lambda: publish_review(actor=_user(admin), review_id=review, now=NOW)

    outcomes = rush([*map(taken_back, reviews[:MANY]), *map(published_now, reviews[MANY:])])
    assert Counter(outcome.answer for outcome in outcomes) == {"done": 2 * MANY}
    db.session.expire_all()
    found = db.session.get(Counsellor, pk)
    stars = [1 + number % 5 for number in range(MANY, 2 * MANY)]
    assert found is not None
    assert found.review_count == MANY
    assert float(found.rating) == round(sum(stars) / MANY, 2)


def test_two_clicks_make_one_review(rush: Rush) -> None:
    session = make_session(
        make_enrolment(make_user()), make_counsellor(), NOW - dt.timedelta(days=1), status="completed"
    )
    student, public_id = session.student_id, session.public_id
    db.session.commit()

    def work() -> None:
        write_review(student=_user(student), session_id=public_id, said=ReviewWords(rating=5), now=NOW)

    answers = Counter(outcome.answer for outcome in rush([work] * 8))
    assert answers == {"done": 1, DuplicateEntry.__name__: 7}
