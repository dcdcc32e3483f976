"""What other systems can be told of. Source: product.md "Telling people"."""

from __future__ import annotations

from enum import StrEnum


class WebhookEvent(StrEnum):
    """An event that an endpoint may choose; the words are part of the contract with other systems."""

    ENROLLMENT_CREATED = "counselling.enrollment.created"
    SESSION_BOOKED = "counselling.session.booked"
    SESSION_REMINDER = "counselling.session.reminder"
    SESSION_COMPLETED = "counselling.session.completed"
    REVIEW_SUBMITTED = "counselling.review.submitted"
    INQUIRY_NEW = "counselling.inquiry.new"


DESCRIPTIONS = {
    WebhookEvent.ENROLLMENT_CREATED: "A student has a package, bought or given",
    WebhookEvent.SESSION_BOOKED: "A session is confirmed: booked at once, accepted, or moved to a new time",
    WebhookEvent.SESSION_REMINDER: "A session begins in 24 hours, and again in one",
    WebhookEvent.SESSION_COMPLETED: "A counsellor has finished a session",
    WebhookEvent.REVIEW_SUBMITTED: "A student has reviewed a session",
    WebhookEvent.INQUIRY_NEW: "Somebody asked for guidance",
}
TEST_EVENT = "webhook.test"  # sent by hand from an endpoint's page; nobody subscribes to it


def is_event(name: str) -> bool:
    """Whether an endpoint may choose an event of this name."""
    return name in list(WebhookEvent)
