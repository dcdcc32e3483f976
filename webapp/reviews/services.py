"""Writes of reviews: by the student, by the admin who publishes, by the counsellor who answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from webapp.accounts.models import Role, User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db, lock_for_update
from webapp.core.errors import DuplicateEntry, Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.counsellors.models import Counsellor
from webapp.counsellors.services import record_rating
from webapp.reviews.emails import tell_answered, tell_published, tell_submitted
from webapp.reviews.models import Review
from webapp.reviews.queries import review_of_session, tally_of
from webapp.reviews.rules import NOTE_LIMIT, TEXT_LIMIT, check_review
from webapp.webhooks.services import WebhookEvent, emit

TWICE = "You have reviewed this session already."
PUBLISHED = "This review is published; it can't be changed any more."


@dataclass(frozen=True, slots=True)
class ReviewWords:
    """What a student says: 1–5 stars, text, tags, stars for some of `rules.ASPECTS`."""

    rating: int
    text: str = ""
    would_recommend: bool = True
    tags: Sequence[str] = ()
    aspects: Mapping[str, int] = field(default_factory=dict)


def write_review(
    *,
    student: User,
    session_id: str,
    said: ReviewWords,
    now: dt.datetime,
) -> Review:
    """Review a completed session once; it waits for an admin to publish it.

    Raises:
        NotFound: no such session of this student.
        InvalidState: the session is not completed.
        DuplicateEntry: it has a review (the unique session is what two clicks run into).
        ValidationFailed: stars, text, tags or aspects that break a rule.
    """
    session = session_to_review(student, session_id)
    if review_of_session(session.id) is not None:
        raise DuplicateEntry(TWICE)
    review = Review(session=session, counsellor=session.counsellor, student=student)
    _fill(review, said)
    db.session.add(review)
    db.session.flush()  # a second review of the session shows here
    tell_submitted(review, now)
    emit(
        WebhookEvent.REVIEW_SUBMITTED,
        {
            "reviewId": review.public_id,
            "sessionId": session.public_id,
            "counsellorId": session.counsellor.public_id,
            "rating": review.rating,
        },
        dedupe_key=f"review:{review.public_id}",
        now=now,
    )
    return review


def edit_review(
    *,
    student: User,
    session_id: str,
    said: ReviewWords,
) -> Review:
    """Change a review that is not published yet.

    Raises:
        NotFound: no such review of this student.
        InvalidState: it is published.
        ValidationFailed: as in `write_review`.
    """
    session = session_to_review(student, session_id)
    found = review_of_session(session.id)
    if found is None:
        raise NotFound
    review = _locked(found)
    if review.published_at is not None:
        raise InvalidState(PUBLISHED)
    _fill(review, said)
    if db.session.is_modified(review):
        review.taken_back_at = None  # other words: somebody reads them again
    return review


def session_to_review(student: User, session_id: str) -> CounsellingSession:
    """Return the student's own completed session; NotFound or InvalidState otherwise."""
    session = db.session.scalar(
        select(CounsellingSession).where(
            CounsellingSession.public_id == session_id,
            CounsellingSession.student_id == student.id,
            CounsellingSession.status != SessionStatus.HELD,
        )
    )
    if session is None:
        raise NotFound
    if session.status is not SessionStatus.COMPLETED:
        raise InvalidState("A session can be reviewed once it is completed.")
    return session


def _fill(review: Review, said: ReviewWords) -> None:
    text = said.text.replace("\r\n", "\n").replace("\x00", "").strip()
    wrong = check_review(said.rating, text, said.tags, said.aspects)
    if wrong:
        raise ValidationFailed(next(iter(wrong.values())) if len(wrong) == 1 else None, fields=wrong)
    review.rating, review.text, review.would_recommend = said.rating, text, said.would_recommend
    review.tags, review.aspects = list(dict.fromkeys(tag.strip() for tag in said.tags)), dict(said.aspects)


def publish_review(*, actor: User, review_id: str, note: str = "", now: dt.datetime) -> Review:
    """Make a review public; the counsellor's rating counts it from now on. Publishing twice changes nothing.

    Raises:
        Forbidden: not an admin. NotFound: no such review. ValidationFailed: the note is too long.
    """
    review = _moderated(actor, review_id, note)
    if review.published_at is None:
        review.published_at, review.taken_back_at = now, None
        record_rating(counsellor_id=review.counsellor_id, tally=tally_of)
        tell_published(review, now)
    return review


def unpublish_review(*, actor: User, review_id: str, note: str = "", now: dt.datetime) -> Review:
    """Take a review back from the public, or keep it from it; the rating forgets it. Raises as `publish_review` does.

    It does not wait to be published any more, unless its student changes it.
    """
    review = _moderated(actor, review_id, note)
    review.taken_back_at = review.taken_back_at or now
    if review.published_at is not None:
        review.published_at = None
        record_rating(counsellor_id=review.counsellor_id, tally=tally_of)
    return review


def _moderated(actor: User, review_id: str, note: str) -> Review:
    if actor.role is not Role.ADMIN:
        raise Forbidden
    note = note.strip()
    if len(note) > NOTE_LIMIT:
        raise ValidationFailed(fields={"note": f"Keep the note within {NOTE_LIMIT} characters."})
    review = _locked(db.session.scalar(select(Review).where(Review.public_id == review_id)))
    review.moderation_note = note or review.moderation_note
    return review


def respond_to_review(*, actor: User, review_id: str, text: str, now: dt.datetime) -> Review:
    """Answer a published review of one's own, in public; the answer can be written anew.

    Raises:
        NotFound: no such review of this counsellor, or it is not published.
        ValidationFailed: an empty answer, or one over its limit.
    """
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    found = db.session.scalar(
        select(Review)
        .join(Review.counsellor)
        .where(Review.public_id == review_id, Counsellor.user_id == actor.id, Review.published_at.is_not(None))
    )
    review = _locked(found)
    if not text:
        raise ValidationFailed(fields={"response": "Write your answer."})
    if len(text) > TEXT_LIMIT:
        raise ValidationFailed(fields={"response": f"Keep the answer within {TEXT_LIMIT:,} characters."})
    first = not review.response
    review.response, review.responded_at = text, now
    if first:
        tell_answered(review, now)
    return review


def _locked(review: Review | None) -> Review:
    if review is None:
        raise NotFound
    locked: Review = lock_for_update(db.session(), Review, review.id)
    return locked
