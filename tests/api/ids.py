"""Which id of the examples stands for which word of a path."""

from __future__ import annotations

from webapp.core.jsonapi import examples

SLUG = "jee-complete-example"
BY_WORD = {
    "counsellor_id": examples.COUNSELLOR,
    "coupon_id": examples.COUPON,
    "delivery_id": examples.DELIVERY,
    "endpoint_id": examples.WEBHOOK,
    "enrollment_id": examples.ENROLMENT,
    "enrolment_id": examples.ENROLMENT,
    "exception_id": examples.EXCEPTION,
    "inquiry_id": examples.INQUIRY,
    "key_id": examples.API_KEY,
    "login_id": examples.LOGIN,
    "notification_id": examples.NOTIFICATION,
    "package_id": examples.PACKAGE,
    "payment_id": examples.PAYMENT,
    "review_id": examples.REVIEW,
    "session_id": examples.SESSION,
    "slug": SLUG,
    "user_id": examples.STUDENT,
}


def of(word: str) -> str:
    """Return the id for a word of a path; a new word must be given one here and a thing in `world`."""
    return BY_WORD[word]
