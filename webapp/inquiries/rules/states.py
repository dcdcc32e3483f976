"""The states of an inquiry and what moves it. Source: product.md "Inquiries"."""

from __future__ import annotations

import datetime as dt

from webapp.inquiries.models import CallOutcome, InquiryStatus

STATUS_LABELS = {
    InquiryStatus.NEW: "New",
    InquiryStatus.CONTACTED: "Contacted",
    InquiryStatus.CONVERTED: "Converted",
    InquiryStatus.CLOSED: "Closed",
}
OUTCOME_LABELS = {
    CallOutcome.REACHED: "Reached",
    CallOutcome.NO_ANSWER: "No answer",
    CallOutcome.CALL_BACK: "Asked to call back",
    CallOutcome.WRONG_NUMBER: "Wrong number",
}
# From → what a person may set by hand. Converted is reached by converting only, and is an end.
MOVES: dict[InquiryStatus, frozenset[InquiryStatus]] = {
    InquiryStatus.NEW: frozenset({InquiryStatus.CONTACTED, InquiryStatus.CLOSED}),
    InquiryStatus.CONTACTED: frozenset({InquiryStatus.CLOSED}),
    InquiryStatus.CLOSED: frozenset({InquiryStatus.CONTACTED}),
    InquiryStatus.CONVERTED: frozenset(),
}
FARTHEST_FOLLOW_UP = dt.timedelta(days=730)


def may_become(status: InquiryStatus, wanted: InquiryStatus) -> bool:
    """Whether an inquiry may be set from one state to another by hand."""
    return wanted in MOVES[status]


def got_through(outcome: CallOutcome) -> bool:
    """Whether a call reached a person: only that answers an inquiry."""
    return outcome in (CallOutcome.REACHED, CallOutcome.CALL_BACK)


def follow_up_problem(on: dt.date | None, today: dt.date) -> str | None:
    """Return why a day can't be a follow-up, None if it can (or if it is lifted)."""
    if on is None or today <= on <= today + FARTHEST_FOLLOW_UP:
        return None
    return "Choose today or a later day." if on < today else "Choose a day within the next two years."
