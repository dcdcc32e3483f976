"""Inquiries as the JSON door writes and reads them (api.md "counselling-inquiries")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields

from webapp.accounts.rules import LONGEST_EMAIL, LONGEST_NAME
from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import ADMIN, ENROLMENT, INQUIRY, STUDENT
from webapp.core.jsonapi.schemas import In, Out, PageQuery
from webapp.inquiries.models import EventKind, Exam, InquiryStatus
from webapp.inquiries.queries.filters import LONGEST_TEXT
from webapp.inquiries.rules.entry import (
    HIGHEST_RANK,
    LONGEST_CATEGORY,
    LONGEST_MESSAGE,
    LONGEST_SOURCE,
    LONGEST_STATE,
    LONGEST_UTM,
    check_fields,
)
from webapp.inquiries.services.desk import LONGEST_NOTE

LONGEST_PHONE = 24
TICKET = "INQ-2026-00001"


def _by_rule(name: str) -> Callable[[str], None]:
    """Return the form's rule of a field as a check of it, so that every wrong field is named at once."""

    def check(value: str) -> None:
        if wrong := check_fields({name: value}, allow_test=True)[1]:
            raise ValidationError(wrong[name])

    return check


class InquiryIn(In):
    """A question for the desk."""

    name = f.Text(required=True, longest=LONGEST_NAME, validate=_by_rule("name"))
    email = f.Text(
        required=True,
        longest=LONGEST_EMAIL,
        validate=_by_rule("email"),
        metadata={"format": "email", "pattern": "@"},
    )
    phone = f.Text(required=True, longest=LONGEST_PHONE, validate=_by_rule("phone"))
    exam = f.Choice(Exam, required=True)
    rank = f.Whole(least=1, most=HIGHEST_RANK, allow_none=True)
    category = f.Text(longest=LONGEST_CATEGORY, load_default="")
    state = f.Text(longest=LONGEST_STATE, load_default="")
    message = f.Text(longest=LONGEST_MESSAGE, load_default="")
    source = f.Text(longest=LONGEST_SOURCE, load_default="api")
    utm_source = f.Text(longest=LONGEST_UTM, load_default="")
    utm_medium = f.Text(longest=LONGEST_UTM, load_default="")
    utm_campaign = f.Text(longest=LONGEST_UTM, load_default="")


class TicketOut(Out):
    """What the sender of an inquiry keeps."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": INQUIRY})
    ticket_number = fields.String(required=True, metadata={"example": TICKET})


class InquiryPatchIn(In):
    """What to change of an inquiry. ``notes`` are added to those there are; null lifts assignee or follow-up."""

    status = f.Choice(InquiryStatus)
    assigned_to = f.Id(allow_none=True)
    notes = f.Text(shortest=1, longest=LONGEST_NOTE)
    follow_up_date = f.Day(allow_none=True)


class ConvertIn(In):
    """With a package it is given at once; without one the mail carries a link to buy one."""

    package_id = f.Id(allow_none=True)
    reason = f.Text(longest=500, load_default="")


class InquiryQuery(PageQuery):
    """Filters of the list; days are India's, both counted in."""

    exam = f.Choice(Exam)
    status = f.Choice(InquiryStatus)
    assigned_to = f.Id(metadata={"description": "An admin's id, or “none” for nobody's."})
    date_from = f.Day()
    date_to = f.Day()
    search = f.Text(longest=LONGEST_TEXT, metadata={"description": "Beginnings of name, mail, phone or ticket."})
    sort = f.sort_field("createdAt", default="-createdAt")


class InquiryStatsOut(Out):
    """How many inquiries the filters find, whatever their status."""

    total = fields.Integer(required=True)
    new = fields.Integer(required=True)
    contacted = fields.Integer(required=True)
    converted = fields.Integer(required=True)
    closed = fields.Integer(required=True)


class InquiryOut(Out):
    """An inquiry. ``duplicateOf`` is the first ticket of the same person, null where this is the first."""

    public_id = f.Id(attribute="inquiry.public_id", data_key="_id", required=True, metadata={"example": INQUIRY})
    ticket_number = fields.String(attribute="inquiry.ticket_number", required=True, metadata={"example": TICKET})
    name = fields.String(attribute="inquiry.name", required=True)
    email = fields.String(attribute="inquiry.email", required=True)
    phone = fields.String(attribute="inquiry.phone", required=True)
    exam = f.Choice(Exam, attribute="inquiry.exam", required=True)
    rank = fields.Integer(attribute="inquiry.rank")
    category = fields.String(attribute="inquiry.category", required=True)
    state = fields.String(attribute="inquiry.state", required=True)
    message = fields.String(attribute="inquiry.message", required=True)
    source = fields.String(attribute="inquiry.source", required=True)
    utm_source = fields.String(attribute="inquiry.utm_source", required=True)
    utm_medium = fields.String(attribute="inquiry.utm_medium", required=True)
    utm_campaign = fields.String(attribute="inquiry.utm_campaign", required=True)
    status = f.Choice(InquiryStatus, attribute="inquiry.status", required=True)
    assigned_to = fields.Method("_assignee", metadata={"type": "string", "example": ADMIN})
    follow_up_date = fields.Date(attribute="inquiry.follow_up_on")
    duplicate_of = fields.String(attribute="first_ticket", metadata={"example": TICKET})
    user_id = fields.Method("_user", metadata={"type": "string", "example": STUDENT})
    converted_to_enrollment = fields.Method("_enrolment", metadata={"type": "string", "example": ENROLMENT})
    created_at = f.Instant(attribute="inquiry.asked_at", required=True)
    answered_at = f.Instant(attribute="inquiry.answered_at")
    converted_at = f.Instant(attribute="inquiry.converted_at")
    updated_at = f.Instant(attribute="inquiry.updated_at", required=True)

    def _assignee(self, row: Any) -> str | None:
        return row.inquiry.assignee.public_id if row.inquiry.assignee else None

    def _user(self, row: Any) -> str | None:
        return row.inquiry.converted_user.public_id if row.inquiry.converted_user else None

    def _enrolment(self, row: Any) -> str | None:
        return row.inquiry.converted_enrolment.public_id if row.inquiry.converted_enrolment else None


class EventOut(Out):
    """A line of the timeline; without ``by`` the house itself wrote it."""

    kind = f.Choice(EventKind, required=True)
    at = f.Instant(required=True)
    by = fields.String(attribute="actor.name")
    text = fields.String(attribute="body", required=True)


class InquiryDetailOut(InquiryOut):
    """An inquiry with what happened to it; ``notes`` are all notes of the desk, one below the other."""

    notes = fields.Method("_notes", required=True, metadata={"type": "string"})
    timeline = fields.List(fields.Nested(EventOut), attribute="events", required=True)

    def _notes(self, row: Any) -> str:
        return "\n".join(row.notes)


class ConvertedOut(InquiryDetailOut):
    """A converted inquiry; ``paymentLink`` is where its student buys, null where a package was given."""

    payment_link = fields.String()
