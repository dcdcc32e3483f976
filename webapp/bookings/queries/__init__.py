"""Reads of bookings: calendars and free times, and sessions."""

from webapp.bookings.queries.agenda import AgendaRow, agenda_of_counsellor, requests_of_counsellor
from webapp.bookings.queries.calendars import CalendarData, calendar_data
from webapp.bookings.queries.free import (
    affected_sessions,
    explain_time,
    free_in,
    free_on_date,
    free_starts_for,
    nearest_free,
    soonest_free,
)
from webapp.bookings.queries.mine import sessions_of_student
from webapp.bookings.queries.sessions import (
    SessionFilter,
    all_sessions,
    booked_already,
    cancel_deadline_of,
    chain_of,
    count_by_status,
    deadline_hours_of,
    get_session_for,
    history_of,
    house_deadline_hours,
    house_hold_minutes,
    is_live,
    loaded_session,
    session_numbers,
    sessions_of_counsellor,
    upcoming_sessions,
)

__all__ = [
    "AgendaRow",
    "CalendarData",
    "SessionFilter",
    "affected_sessions",
    "agenda_of_counsellor",
    "all_sessions",
    "booked_already",
    "calendar_data",
    "cancel_deadline_of",
    "chain_of",
    "count_by_status",
    "deadline_hours_of",
    "explain_time",
    "free_in",
    "free_on_date",
    "free_starts_for",
    "get_session_for",
    "history_of",
    "house_deadline_hours",
    "house_hold_minutes",
    "is_live",
    "loaded_session",
    "nearest_free",
    "requests_of_counsellor",
    "session_numbers",
    "sessions_of_counsellor",
    "sessions_of_student",
    "soonest_free",
    "upcoming_sessions",
]
