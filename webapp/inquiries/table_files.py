"""Leads as a file: exactly those of the filter, in its order."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.core.csv_export import Cell, moment_cell
from webapp.core.errors import ValidationFailed
from webapp.exports.registry import Params, register_export
from webapp.inquiries.models import Inquiry
from webapp.inquiries.queries import LeadFilter, iter_leads, lead_count, read_filter
from webapp.inquiries.rules import EXAM_LABELS, STATUS_LABELS

HEADER = (
    "Ticket", "Asked", "Name", "Email", "Phone", "Exam", "Rank", "Category", "State", "Message", "Source",
    "UTM source", "UTM medium", "UTM campaign", "Referrer", "Status", "Assignee", "Follow-up", "Answer due", "Answered",
    "Converted", "Closed", "Student", "Enrolment",
)  # fmt: skip


def register_table_files() -> None:
    """Offer the leads to the exports."""
    register_export(
        "leads",
        title="Leads",
        filename="leads.csv",
        header=HEADER,
        count=lambda params: lead_count(_filter(params), now=params.now, most=None).number,
        rows=_rows,
    )


def _filter(params: Params) -> LeadFilter:
    filters, wrong = read_filter(params)
    if wrong:
        raise ValidationFailed(" ".join(wrong.values()), fields=wrong)
    return filters


def _rows(params: Params, zone: str) -> Iterator[tuple[Cell, ...]]:
    return (_cells(lead, zone) for lead in iter_leads(_filter(params), now=params.now))


def _cells(lead: Inquiry, zone: str) -> tuple[Cell, ...]:
    return (
        lead.ticket_number,
        moment_cell(lead.asked_at, zone),
        lead.name,
        lead.email,
        lead.phone,
        EXAM_LABELS[lead.exam],
        lead.rank,
        lead.category,
        lead.state,
        lead.message,
        lead.source,
        lead.utm_source,
        lead.utm_medium,
        lead.utm_campaign,
        lead.referrer,
        STATUS_LABELS[lead.status],
        lead.assignee.name if lead.assignee else "",
        lead.follow_up_on.isoformat() if lead.follow_up_on else "",
        moment_cell(lead.answer_due_at, zone),
        moment_cell(lead.answered_at, zone),
        moment_cell(lead.converted_at, zone),
        moment_cell(lead.closed_at, zone),
        lead.converted_user.public_id if lead.converted_user else "",
        lead.converted_enrolment.public_id if lead.converted_enrolment else "",
    )
