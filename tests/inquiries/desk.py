"""What tests of the desk share: an inquiry as it comes from the form, and services run as a door runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tests.factories import NOW
from webapp.core.db import transaction
from webapp.inquiries.models import Inquiry
from webapp.inquiries.rules import InquiryInput
from webapp.inquiries.services import submit_inquiry

T = TypeVar("T")


def entry(**fields: Any) -> InquiryInput:
    """Return what Rohan asks, or what ``fields`` say otherwise."""
    typed: dict[str, Any] = {
        "name": "Rohan Das",
        "email": "rohan.das@example.com",
        "phone": "98300 41270",
        "exam": "jee-main",
        "rank": "12,345",
        "category": "OBC-NCL",
        "state": "West Bengal",
        "message": "Is ECE at Durgapur better than Mechanical at Jadavpur?",
        "consent": True,
    }
    return InquiryInput(**{**typed, **fields})


def ask(*, now: Any = NOW, notify_people: bool = True, import_id: int | None = None, **fields: Any) -> Inquiry:
    """Submit an inquiry in a transaction of its own."""
    with transaction():
        return submit_inquiry(entry=entry(**fields), now=now, notify_people=notify_people, import_id=import_id)


def done(service: Callable[..., T], /, **given: Any) -> T:
    """Run a service as a door does, at the tests' instant unless told."""
    with transaction():
        return service(**{"now": NOW, **given})
