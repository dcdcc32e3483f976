"""What bookings need at start-up besides pages: meanings of constraints, guards of mails, due work."""

from __future__ import annotations

from flask import Flask

from webapp.bookings.guards import (
    move_is_offered,
    review_is_missing,
    session_is_ahead,
    session_stands,
    sessions_lie_unused,
)
from webapp.bookings.jobs import drop_due_holds, expire_due, nudge_due, remind_due
from webapp.bookings.table_files import register_table_files
from webapp.config import Settings
from webapp.core.due import register_due_work
from webapp.core.errors import NoSessionsLeft, SlotTaken, StudentBusy, register_constraint
from webapp.notifications.guards import register_guard


def register(app: Flask, settings: Settings) -> None:  # noqa: ARG001  every feature's wiring takes them
    """Register all of it; harmless to repeat."""
    register_constraint("ex_sessions_counsellor_time", SlotTaken)
    register_constraint("ex_sessions_student_time", StudentBusy)
    register_constraint("ck_enrolments_credits", NoSessionsLeft)
    register_guard("session", session_stands)
    register_guard("reminder", session_is_ahead)
    register_guard("move_offered", move_is_offered)
    register_guard("review_prompt", review_is_missing)
    register_guard("unbooked", sessions_lie_unused)
    register_table_files()
    register_due_work("expired_requests", expire_due, order=10)
    register_due_work("expired_holds", drop_due_holds, order=11)
    register_due_work("session_reminders", remind_due, order=30)
    register_due_work("unbooked_credits", nudge_due, order=31)
