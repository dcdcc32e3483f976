"""Writes of bookings. A door calls one of these inside `transaction()`."""

from webapp.bookings.queries.wanted import Wish
from webapp.bookings.services.answers import accept_session, cancel_session, decline_session, expire_session
from webapp.bookings.services.booking import book_session, look_before_booking
from webapp.bookings.services.endings import free_sessions
from webapp.bookings.services.holds import (
    HoldLost,
    book_held,
    drop_hold,
    get_hold_for,
    hold_slot,
    release_hold,
)
from webapp.bookings.services.offers import offer_another_time, withdraw_offer
from webapp.bookings.services.own_notes import add_notes
from webapp.bookings.services.reminding import nudge_about, remind_of
from webapp.bookings.services.reschedule import change_time, rebook_session, reschedule_session
from webapp.bookings.services.running import (
    complete_session,
    mark_no_show,
    save_notes,
    set_meeting_link,
    set_recording,
    start_session,
)
from webapp.bookings.services.steps import StepText, tick_step
from webapp.bookings.services.wording import edit_agenda

__all__ = [
    "HoldLost",
    "StepText",
    "Wish",
    "accept_session",
    "add_notes",
    "book_held",
    "book_session",
    "cancel_session",
    "change_time",
    "complete_session",
    "decline_session",
    "drop_hold",
    "edit_agenda",
    "expire_session",
    "free_sessions",
    "get_hold_for",
    "hold_slot",
    "look_before_booking",
    "mark_no_show",
    "nudge_about",
    "offer_another_time",
    "rebook_session",
    "release_hold",
    "remind_of",
    "reschedule_session",
    "save_notes",
    "set_meeting_link",
    "set_recording",
    "start_session",
    "tick_step",
    "withdraw_offer",
]
