"""`/api/v1/counselling-inquiries`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g

from webapp.accounts.viewer import viewer
from webapp.core.db import transaction
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.jsonapi.examples import ADMIN, PACKAGE
from webapp.inquiries.queries.filters import LeadFilter, Part
from webapp.inquiries.queries.programs import LeadDetail, count_by_status, lead_detail, leads_for_programs
from webapp.inquiries.rules import InquiryInput
from webapp.inquiries.schemas import (
    ConvertedOut,
    ConvertIn,
    InquiryDetailOut,
    InquiryIn,
    InquiryOut,
    InquiryPatchIn,
    InquiryQuery,
    InquiryStatsOut,
    TicketOut,
)
from webapp.inquiries.services import add_note, convert_inquiry, submit_inquiry
from webapp.inquiries.services.choices import save_choices
from webapp.notifications.links import external_url

door = Door(
    "counselling-inquiries", __name__, about="Questions for the desk, and what became of them.", area="inquiries"
)
ID = "/<inquiry_id>"
NAMES = {"assignee": "assignedTo", "follow_up_on": "followUpDate", "text": "notes", "package": "packageId"}
CHOICES = {"assigned_to": "assignee", "follow_up_date": "follow_up_on", "status": "status"}
THANKS = "We have your question. A person answers within 24 hours, by phone or mail."
EXAMPLE = {
    "name": "Ritika Sen",
    "email": "ritika.sen@example.com",
    "phone": "98310 22334",
    "exam": "jee-main",
    "rank": 24500,
    "category": "General",
    "state": "West Bengal",
    "message": "Which colleges are within reach?",
    "source": "partner-school",
    "utmSource": "newsletter",
}


@door.endpoint(
    "POST",
    "",
    who=["public"],
    body=InquiryIn,
    answer=TicketOut,
    status=201,
    example=EXAMPLE,
    limit="inquiries",
)
def create_inquiry(body: dict[str, Any]) -> Answer:
    """Send a question to the desk, under a ticket number. The same words within ten minutes are one question."""
    rank = body.pop("rank", None)
    with transaction():
        inquiry = submit_inquiry(entry=InquiryInput(**body, rank="" if rank is None else str(rank)), now=g.now)
        return Answer(inquiry, message=THANKS)


@door.endpoint(
    "GET",
    "",
    who=["admin"],
    query=InquiryQuery,
    answer=InquiryOut,
    many=True,
    paged=True,
    stats=InquiryStatsOut,
    example_query={"status": "new", "exam": "jee-main"},
)
def list_inquiries(query: dict[str, Any]) -> Answer:
    """List inquiries, the newest first; ``stats`` counts what the other filters find, by status."""
    status = query.get("status")
    filters = LeadFilter(
        q=" ".join(query.get("search", "").split()),
        status=Part(status.value) if status else Part.ALL,
        exam=query.get("exam"),
        assignee=query.get("assigned_to", ""),
        since=query.get("date_from"),
        until=query.get("date_to"),
    )
    oldest_first = query["sort"] == "createdAt"
    page, rows = leads_for_programs(
        filters, oldest_first=oldest_first, page=query["page"], limit=query["limit"], now=g.now
    )
    return paged(page, items=rows, stats=count_by_status(filters, now=g.now))


@door.endpoint("GET", ID, who=["admin"], answer=InquiryDetailOut)
def get_inquiry(inquiry_id: str) -> LeadDetail:
    """Return an inquiry with its timeline; a second one of a person names the first one's ticket."""
    return lead_detail(viewer(), inquiry_id)


@door.endpoint(
    "PATCH",
    ID,
    who=["admin"],
    body=InquiryPatchIn,
    answer=InquiryDetailOut,
    example={"status": "contacted", "assignedTo": ADMIN, "notes": "Called; asks about WBJEE."},
    errors=[409],
    names=NAMES,
)
def update_inquiry(inquiry_id: str, body: dict[str, Any]) -> LeadDetail:
    """Change status, assignee or follow-up, and write a note. It becomes converted through convert alone."""
    choices = {CHOICES[name]: value for name, value in body.items() if name in CHOICES}
    me = viewer()
    with transaction():
        save_choices(actor=me, inquiry_id=inquiry_id, version=None, now=g.now, choices=choices)
        if "notes" in body:
            add_note(actor=me, inquiry_id=inquiry_id, text=body["notes"], now=g.now)
    return lead_detail(me, inquiry_id)


@door.endpoint(
    "POST",
    f"{ID}/convert",
    who=["admin"],
    body=ConvertIn,
    answer=ConvertedOut,
    example={"packageId": PACKAGE},
    names=NAMES,
)
def convert_inquiry_to_student(inquiry_id: str, body: dict[str, Any]) -> LeadDetail:
    """Make a student of who asked, with a package given, or with a link by mail to buy one."""
    package_id = body.get("package_id")
    me = viewer()
    with transaction():
        convert_inquiry(
            actor=me,
            inquiry_id=inquiry_id,
            package_id=package_id,
            way="grant" if package_id else "link",
            reason=body["reason"] or "Converted by a program",
            version=None,
            now=g.now,
        )
        detail = lead_detail(me, inquiry_id)
        link = None if package_id else external_url("public.packages")
    return replace(detail, payment_link=link)
