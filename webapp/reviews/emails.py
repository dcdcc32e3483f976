"""What people are told about reviews, in the inbox and by mail."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from webapp.accounts.models import Role, User
from webapp.accounts.recipients import recipient_of
from webapp.core.db import db
from webapp.notifications.links import external_url
from webapp.notifications.services import MailMessage, notify
from webapp.reviews.models import Review
from webapp.reviews.rules import shorten_name


def tell_submitted(review: Review, now: dt.datetime) -> None:
    """Tell every admin, in the inbox alone, that a review waits to be read."""
    admins = db.session.scalars(select(User).where(User.role == Role.ADMIN, User.active.is_(True)))
    for admin in admins:
        notify(
            user=recipient_of(admin),
            kind="review_received",
            title=f"{shorten_name(review.student.name)} wrote a review",
            body=f"{review.rating} of 5 for {review.counsellor.name}. It is public once you publish it.",
            url="/admin/reviews",
            dedupe_key=f"review:{review.public_id}:submitted:{admin.public_id}",
            now=now,
        )


def tell_published(review: Review, now: dt.datetime) -> None:
    """Tell the counsellor that a review is public and can be answered."""
    counsellor = review.counsellor.user
    if counsellor is None:
        return
    student = shorten_name(review.student.name)
    notify(
        user=recipient_of(counsellor),
        kind="review_received",
        title=f"{student} reviewed you: {review.rating} of 5",
        body="It is on your page now. You may answer it once, in public.",
        url="/counsellor/reviews",
        dedupe_key=f"review:{review.public_id}:published:{counsellor.public_id}",
        now=now,
        mail=MailMessage(
            template="review_published",
            context={
                "hello": counsellor.first_name,
                "student": student,
                "rating": review.rating,
                "text": review.text,
                "url": external_url("reviews.mine"),
            },
            guard=f"review_published:{review.public_id}",
        ),
    )


def tell_answered(review: Review, now: dt.datetime) -> None:
    """Tell the student that the counsellor has answered."""
    notify(
        user=recipient_of(review.student),
        kind="review_answered",
        title=f"{review.counsellor.name} answered your review",
        body=review.response[:200],
        url=f"/sessions/{review.session.public_id}/review",
        dedupe_key=f"review:{review.public_id}:answered",
        now=now,
        mail=MailMessage(
            template="review_answered",
            context={
                "hello": review.student.first_name,
                "counsellor": review.counsellor.name,
                "response": review.response,
                "url": external_url("reviews.write", public_id=review.session.public_id),
            },
            guard=f"review_published:{review.public_id}",
        ),
    )
