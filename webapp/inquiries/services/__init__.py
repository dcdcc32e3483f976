"""Writes of inquiries: taking them in, working with them, making students of them, forgetting them."""

from webapp.inquiries.errors import StaleVersion
from webapp.inquiries.rules import InquiryInput
from webapp.inquiries.services.board import move_on_board
from webapp.inquiries.services.bulk import bulk_assign, bulk_status
from webapp.inquiries.services.changing import FIELD_LABELS, LIVE_KEY
from webapp.inquiries.services.converting import convert_inquiry, note_purchase
from webapp.inquiries.services.desk import (
    EDITABLE,
    LONGEST_NOTE,
    assign_inquiry,
    change_status,
    edit_inquiry,
    set_follow_up,
)
from webapp.inquiries.services.forgetting import forget_inquiries_of, forget_old_inquiries
from webapp.inquiries.services.submitting import submit_inquiry
from webapp.inquiries.services.submitting_many import submit_many
from webapp.inquiries.services.timeline import LONGEST_SUBJECT, add_note, log_call, write_mail

__all__ = [
    "EDITABLE",
    "FIELD_LABELS",
    "LIVE_KEY",
    "LONGEST_NOTE",
    "LONGEST_SUBJECT",
    "InquiryInput",
    "StaleVersion",
    "add_note",
    "assign_inquiry",
    "bulk_assign",
    "bulk_status",
    "change_status",
    "convert_inquiry",
    "edit_inquiry",
    "forget_inquiries_of",
    "forget_old_inquiries",
    "log_call",
    "move_on_board",
    "note_purchase",
    "set_follow_up",
    "submit_inquiry",
    "submit_many",
    "write_mail",
]
