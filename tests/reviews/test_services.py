from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_review, make_session, make_user
from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.core.db import transaction
from webapp.core.errors import DuplicateEntry, Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.counsellors.models import Counsellor
from webapp.notifications.models import Notification, OutboxMail
from webapp.reviews.models import Review
from webapp.reviews.queries import ReviewFilter, count_waiting, reviews_for_admin, reviews_to_read
from webapp.reviews.rules import ASPECTS, check_review
from webapp.reviews.services import (
    ReviewWords,
    edit_review,
    publish_review,
    respond_to_review,
    unpublish_review,
    write_review,
)

pytestmark = pytest.mark.usefixtures("db_session")
GOOD = ReviewWords(rating=4, text=" Clear and kind. ", tags=("clear", "clear"), aspects={"expertise": 5})


def done(service: Callable[..., Review], **given: object) -> Review:
    """Run a service as a door does."""
    with transaction():
        return service(**given)


@pytest.fixture
def held(db_session: Session) -> CounsellingSession:
    """Give a completed session of a student."""
    enrolment = make_enrolment(make_user())
    session = make_session(enrolment, make_counsellor(), NOW - dt.timedelta(days=2), status="completed")
    db_session.commit()  # a refused service rolls back to here
    return session


@pytest.fixture
def admin(db_session: Session) -> User:
    return make_user(role="admin")


def test_a_review_waits_and_the_admins_hear_of_it(held: CounsellingSession, admin: User, db_session: Session) -> None:
    review = done(write_review, student=held.student, session_id=held.public_id, said=GOOD, now=NOW)
    assert (review.rating, review.text, review.tags) == (4, "Clear and kind.", ["clear"])
    assert review.published_at is None
    assert held.counsellor.review_count == 0
    told = db_session.scalars(select(Notification).where(Notification.user_id == admin.id)).all()
    assert [note.url for note in told] == ["/admin/reviews"]


def test_once_only(held: CounsellingSession) -> None:
    done(write_review, student=held.student, session_id=held.public_id, said=GOOD, now=NOW)
    with pytest.raises(DuplicateEntry):
        done(write_review, student=held.student, session_id=held.public_id, said=GOOD, now=NOW)


def test_nobody_else_reviews_it(held: CounsellingSession, admin: User) -> None:
    for outsider in (make_user(), make_user(role="counsellor"), admin):
        with pytest.raises(NotFound):
            done(write_review, student=outsider, session_id=held.public_id, said=GOOD, now=NOW)


@pytest.mark.parametrize("status", ["scheduled", "no_show", "cancelled", "requested"])
def test_only_a_completed_session_is_reviewed(db_session: Session, status: str) -> None:
    student = make_user()
    session = make_session(make_enrolment(student), make_counsellor(), NOW + dt.timedelta(days=2), status=status)
    with pytest.raises(InvalidState):
        done(write_review, student=student, session_id=session.public_id, said=GOOD, now=NOW)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (ReviewWords(rating=0), "rating"),
        (ReviewWords(rating=6), "rating"),
        (ReviewWords(rating=5, text="x" * 2001), "text"),
        (ReviewWords(rating=5, tags=("y" * 41,)), "tags"),
        (ReviewWords(rating=5, tags=tuple(map(str, range(11)))), "tags"),
        (ReviewWords(rating=5, aspects={"expertise": 9}), "aspects"),
        (ReviewWords(rating=5, aspects={"beauty": 5}), "aspects"),
    ],
)
def test_bad_input_is_named_at_its_field(held: CounsellingSession, said: ReviewWords, field: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        done(write_review, student=held.student, session_id=held.public_id, said=said, now=NOW)
    assert set(caught.value.fields) == {field}


def test_every_wrong_field_at_once() -> None:
    assert set(check_review(True, "x" * 2001, ["\n"], {"expertise": "5"})) == {"rating", "text", "tags", "aspects"}


def test_it_can_be_changed_until_it_is_published(held: CounsellingSession, admin: User) -> None:
    review = done(write_review, student=held.student, session_id=held.public_id, said=GOOD, now=NOW)
    done(edit_review, student=held.student, session_id=held.public_id, said=ReviewWords(rating=2, text="Too short."))
    assert (review.rating, review.text, review.aspects) == (2, "Too short.", {})
    done(publish_review, actor=admin, review_id=review.public_id, now=NOW)
    with pytest.raises(InvalidState):
        done(edit_review, student=held.student, session_id=held.public_id, said=GOOD)


def test_publishing_counts_and_taking_back_uncounts(held: CounsellingSession, admin: User, db_session: Session) -> None:
    review = done(write_review, student=held.student, session_id=held.public_id, said=GOOD, now=NOW)
    for _ in range(2):  # the second press changes nothing
        done(publish_review, actor=admin, review_id=review.public_id, note="Fine", now=NOW)
    counsellor = held.counsellor
    assert (counsellor.rating, counsellor.review_count) == (Decimal("4.00"), 1)
    mails = db_session.scalars(select(OutboxMail).where(OutboxMail.template == "review_published")).all()
    assert [mail.recipient for mail in mails] == [counsellor.email]
    done(unpublish_review, actor=admin, review_id=review.public_id, note="Names a third person", now=NOW)
    assert counsellor.review_count == 0
    assert review.moderation_note == "Names a third person"


def test_what_was_taken_back_waits_again_only_once_it_is_changed(held: CounsellingSession, admin: User) -> None:
    review = done(write_review, student=held.student, session_id=held.public_id, said=GOOD, now=NOW)
    done(publish_review, actor=admin, review_id=review.public_id, now=NOW)
    done(unpublish_review, actor=admin, review_id=review.public_id, now=NOW)
    assert (count_waiting(), reviews_to_read(5)) == (0, [])
    assert reviews_for_admin(ReviewFilter.WAITING, 1).total == 0
    assert reviews_for_admin(ReviewFilter.TAKEN_BACK, 1).items == [review]
    done(edit_review, student=held.student, session_id=held.public_id, said=GOOD)  # the same words again
    assert count_waiting() == 0
    done(edit_review, student=held.student, session_id=held.public_id, said=replace(GOOD, text="Without names."))
    assert (count_waiting(), reviews_to_read(5)) == (1, [review])
    done(unpublish_review, actor=admin, review_id=review.public_id, now=NOW)  # read, and not to be public
    assert count_waiting() == 0
    done(publish_review, actor=admin, review_id=review.public_id, now=NOW)
    assert (review.taken_back_at, reviews_for_admin(ReviewFilter.TAKEN_BACK, 1).total) == (None, 0)


def test_only_admins_publish(held: CounsellingSession) -> None:
    review = make_review(held, published=False)
    for actor in (held.student, make_user(role="counsellor")):
        with pytest.raises(Forbidden):
            done(publish_review, actor=actor, review_id=review.public_id, now=NOW)


def test_the_counsellor_answers_once_told_the_student_hears_it(held: CounsellingSession, db_session: Session) -> None:
    review = make_review(held)
    owner = held.counsellor.user
    assert owner is not None
    for words in ("Thank you.", "Thank you, Ananya."):
        done(respond_to_review, actor=owner, review_id=review.public_id, text=words, now=NOW)
    assert review.response == "Thank you, Ananya."
    told = db_session.scalar(
        select(func.count()).select_from(OutboxMail).where(OutboxMail.template == "review_answered")
    )
    assert told == 1


def test_another_counsellor_cannot_answer_and_unpublished_ones_have_no_answer(held: CounsellingSession) -> None:
    review = make_review(held)
    other = make_counsellor()
    assert other.user is not None
    with pytest.raises(NotFound):
        done(respond_to_review, actor=other.user, review_id=review.public_id, text="Hello", now=NOW)
    review.published_at = None
    assert held.counsellor.user is not None
    with pytest.raises(NotFound):
        done(respond_to_review, actor=held.counsellor.user, review_id=review.public_id, text="Hello", now=NOW)


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_an_answer_has_words_and_a_limit(held: CounsellingSession, text: str) -> None:
    review = make_review(held)
    assert held.counsellor.user is not None
    with pytest.raises(ValidationFailed):
        done(respond_to_review, actor=held.counsellor.user, review_id=review.public_id, text=text, now=NOW)


@given(
    rating=st.one_of(st.integers(), st.none(), st.text(), st.booleans()),
    aspects=st.dictionaries(st.sampled_from([*ASPECTS, "beauty"]), st.one_of(st.integers(), st.text())),
)
def test_what_passes_the_rule_fits_the_table(rating: object, aspects: dict[str, object]) -> None:
    wrong = check_review(rating, "", [], aspects)
    assert ("rating" in wrong) == (rating not in (1, 2, 3, 4, 5) or isinstance(rating, bool))
    if "aspects" not in wrong:
        assert all(1 <= int(str(value)) <= 5 for value in aspects.values())


def test_ratings_keep_the_start_balance(held: CounsellingSession, admin: User, db_session: Session) -> None:
    counsellor: Counsellor = held.counsellor
    counsellor.rating_start, counsellor.reviews_start = Decimal("5.0"), 3
    review = make_review(held, published=False, rating=1)
    done(publish_review, actor=admin, review_id=review.public_id, now=NOW)
    assert (counsellor.rating, counsellor.review_count) == (Decimal("4.00"), 4)
