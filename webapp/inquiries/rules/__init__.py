"""Rules of inquiries: what may be asked, whose it is, tickets, states and the promised answer. Pure."""

from webapp.inquiries.rules.entry import (
    CATEGORIES,
    EXAM_LABELS,
    LONGEST_CATEGORY,
    LONGEST_MESSAGE,
    LONGEST_STATE,
    SOURCES,
    STATES,
    CleanInquiry,
    InquiryInput,
    check_entry,
    check_fields,
)
from webapp.inquiries.rules.keys import email_key, phone_key
from webapp.inquiries.rules.states import (
    MOVES,
    OUTCOME_LABELS,
    STATUS_LABELS,
    follow_up_problem,
    got_through,
    may_become,
)
from webapp.inquiries.rules.tickets import (
    ANSWER_WITHIN,
    SAME_WITHIN,
    answer_due,
    india_day,
    position_on_top,
    ticket_number,
    ticket_year,
)

__all__ = [
    "ANSWER_WITHIN",
    "CATEGORIES",
    "EXAM_LABELS",
    "LONGEST_CATEGORY",
    "LONGEST_MESSAGE",
    "LONGEST_STATE",
    "MOVES",
    "OUTCOME_LABELS",
    "SAME_WITHIN",
    "SOURCES",
    "STATES",
    "STATUS_LABELS",
    "CleanInquiry",
    "InquiryInput",
    "answer_due",
    "check_entry",
    "check_fields",
    "email_key",
    "follow_up_problem",
    "got_through",
    "india_day",
    "may_become",
    "phone_key",
    "position_on_top",
    "ticket_number",
    "ticket_year",
]
