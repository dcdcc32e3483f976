"""Errors of the domain: every refusal a user may meet, with its words and its status.

A service raises one of these; the door never has to translate. ``http_status`` is what a page
answers, ``api_status`` what the JSON door answers (they differ where `api.md` says so).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from webapp.core.times import iso_z


class DomainError(Exception):
    """A use-case said no. ``fields`` names the wrong inputs, field name → message."""

    code = "CONFLICT"
    http_status = 409
    api_status: int | None = None
    message = "That can't be done right now."

    def __init__(self, message: str | None = None, *, fields: Mapping[str, str] | None = None) -> None:
        self.message = message or self.message
        self.fields: dict[str, str] = dict(fields or {})
        super().__init__(self.message)

    @property
    def more(self) -> dict[str, object]:
        """What the JSON door says beside code, message and fields."""
        return {}

    @property
    def status_for_api(self) -> int:
        """The HTTP status the JSON door answers with."""
        return self.api_status or self.http_status


class ValidationFailed(DomainError):
    """Input that breaks a rule; every wrong field is named at once."""

    code = "VALIDATION_ERROR"
    http_status = 422
    api_status = 400
    message = "Please check the marked fields."


class NotFound(DomainError):
    """No such thing, or not yours: the two look the same on purpose."""

    code = "NOT_FOUND"
    http_status = 404
    message = "We could not find that."


class Forbidden(DomainError):
    """Signed in, but this is not for this account."""

    code = "FORBIDDEN"
    http_status = 403
    message = "Your account can't do this."


class Conflict(DomainError):
    """The state of the world changed, or the same thing exists already."""


class DuplicateEntry(DomainError):
    """Something with this unique value exists already."""

    code = "DUPLICATE_ENTRY"
    message = "That already exists."


class InvalidState(DomainError):
    """The thing is not in a state that allows this step."""

    code = "INVALID_STATE"
    http_status = 409
    api_status = 400
    message = "This has changed in the meantime and the step is no longer possible."


class SlotTaken(DomainError):
    """The wanted start is not on offer (any more). ``nearest`` holds UTC starts that are."""

    code = "SLOT_NOT_AVAILABLE"
    message = "That time was taken just now."

    def __init__(
        self,
        message: str | None = None,
        *,
        nearest: Sequence[dt.datetime] = (),
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, fields=fields)
        self.nearest = list(nearest)

    @property
    def more(self) -> dict[str, object]:
        """The starts that are on offer instead."""
        return {"nearest": [iso_z(start) for start in self.nearest]} if self.nearest else {}


class StudentBusy(SlotTaken):
    """The student has another session at that time."""

    code = "CONFLICT"
    message = "You already have a session at that time."


class NoSessionsLeft(DomainError):
    """The enrolment has no credit left."""

    code = "NO_SESSIONS_LEFT"
    api_status = 400
    message = "This package has no sessions left."


class EnrolmentExpired(DomainError):
    """The enrolment is not active any more, or ends before the session."""

    code = "ENROLLMENT_EXPIRED"
    api_status = 400
    message = "This package is no longer valid for that time."


class BookingExpired(DomainError):
    """A held or requested time ran out before the step arrived."""

    code = "BOOKING_EXPIRED"
    message = "The time we kept has run out."


class RateLimited(DomainError):
    """Too often. ``retry_after`` is after how many whole seconds one more try fits."""

    code = "RATE_LIMITED"
    http_status = 429
    message = "To keep the desk fair for everyone, we pause for a moment. Nothing was changed."

    def __init__(self, message: str | None = None, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServiceUnavailable(DomainError):
    """A part we need does not answer; trying again later is right."""

    code = "SERVICE_UNAVAILABLE"
    http_status = 503
    message = "A part of the site is not answering. Nothing was lost; please try again in a moment."


_by_constraint: dict[str, Callable[[], DomainError]] = {}


def register_constraint(name: str, make: Callable[[], DomainError]) -> None:
    """Say which error a violated database constraint means; races end there, not in Python."""
    _by_constraint[name] = make


def error_for_constraint(name: str | None) -> DomainError | None:
    """Return the domain error for a constraint's name, or None if nobody claimed it."""
    make = _by_constraint.get(name or "")
    return make() if make else None
