"""Reads of leads: lists by keyset, the board, one of them, what waits."""

from webapp.inquiries.queries.background import background_of
from webapp.inquiries.queries.board import Column, board_columns
from webapp.inquiries.queries.context import (
    desk_people,
    lead_sources,
    ticket_numbers,
    tickets_of_person,
    timeline_of,
    user_name,
    view_for,
    views_of,
)
from webapp.inquiries.queries.figures import LeadStats, News, lead_stats, news_since, overdue_follow_ups, unanswered
from webapp.inquiries.queries.filters import Late, LeadFilter, Part, Sort, read_filter
from webapp.inquiries.queries.leads import (
    LeadCount,
    LeadPage,
    inquiry_for,
    iter_leads,
    lead_count,
    lead_rows,
    today_of,
)

__all__ = [
    "Column",
    "Late",
    "LeadCount",
    "LeadFilter",
    "LeadPage",
    "LeadStats",
    "News",
    "Part",
    "Sort",
    "background_of",
    "board_columns",
    "desk_people",
    "inquiry_for",
    "iter_leads",
    "lead_count",
    "lead_rows",
    "lead_sources",
    "lead_stats",
    "news_since",
    "overdue_follow_ups",
    "read_filter",
    "ticket_numbers",
    "tickets_of_person",
    "timeline_of",
    "today_of",
    "unanswered",
    "user_name",
    "view_for",
    "views_of",
]
