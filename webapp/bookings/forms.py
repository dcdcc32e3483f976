"""The forms of bookings. Limits are those of the columns, so what a form lets through can be stored."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf, DataRequired, Length, NumberRange

from webapp.bookings.models import MeetingMode
from webapp.bookings.rules.links import LINK_LIMIT

AGENDA_LIMIT = 1000
REASON_LIMIT = 500
NOTES_LIMIT = 5000
MODES = [SelectChoice(MeetingMode.VIDEO.value, "Video"), SelectChoice(MeetingMode.PHONE.value, "Phone")]


def tidy(text: str | None) -> str:
    """Typed text as it is kept: one kind of line end (so the limit counts what was seen), no NUL, no edges."""
    return (text or "").replace("\r\n", "\n").replace("\x00", "").strip()


class BookingForm(FlaskForm):  # type: ignore[misc]
    """What is typed beside a chosen time."""

    agenda = TextAreaField(
        "What should we talk about?",
        [Length(max=AGENDA_LIMIT, message=f"Keep this within {AGENDA_LIMIT} characters.")],
        filters=[tidy],
    )
    mode = RadioField("How to meet", choices=MODES, default=MeetingMode.VIDEO.value, validate_choice=False,
        validators=[AnyOf([mode.value for mode in MODES], message="Choose video or phone.")],
    )  # fmt: skip


class AgendaForm(FlaskForm):  # type: ignore[misc]
    """What a booked session is to be about; may stay empty."""

    agenda = TextAreaField(
        "What should we talk about?",
        [Length(max=AGENDA_LIMIT, message=f"Keep this within {AGENDA_LIMIT} characters.")],
        filters=[tidy],
    )


class OwnNotesForm(FlaskForm):  # type: ignore[misc]
    """What a student keeps of a session for nobody else's eyes; may stay empty."""

    notes = TextAreaField(
        "Your notes",
        [Length(max=NOTES_LIMIT, message=f"Keep this within {NOTES_LIMIT} characters.")],
        filters=[tidy],
    )


class CancelForm(FlaskForm):  # type: ignore[misc]
    """Why a session is cancelled; may stay empty."""

    reason = TextAreaField(
        "Why?",
        [Length(max=REASON_LIMIT, message=f"Keep the reason within {REASON_LIMIT} characters.")],
        filters=[tidy],
    )


class MoveForm(CancelForm):
    """Why a session is given another time; may stay empty."""


class DeclineForm(FlaskForm):  # type: ignore[misc]
    """Why a request is declined; the student reads it."""

    reason = TextAreaField(
        "Reason",
        [
            DataRequired("Say in a few words why; the student reads it."),
            Length(max=REASON_LIMIT, message=f"Keep the reason within {REASON_LIMIT} characters."),
        ],
        filters=[tidy],
    )


class OfferForm(FlaskForm):  # type: ignore[misc]
    """What the counsellor says with the question for another time; may stay empty."""

    message = TextAreaField(
        "Message",
        [Length(max=REASON_LIMIT, message=f"Keep the message within {REASON_LIMIT} characters.")],
        filters=[tidy],
    )


class NotesForm(FlaskForm):  # type: ignore[misc]
    """What is written down about a session."""

    notes = TextAreaField(
        "Notes", [Length(max=NOTES_LIMIT, message=f"Keep this within {NOTES_LIMIT} characters.")], filters=[tidy]
    )
    private_notes = TextAreaField(
        "Private notes",
        [Length(max=NOTES_LIMIT, message=f"Keep this within {NOTES_LIMIT} characters.")],
        filters=[tidy],
    )


class LinkForm(FlaskForm):  # type: ignore[misc]
    """Where the two meet."""

    link = StringField(
        "Meeting link",
        [
            DataRequired("Paste the link of the room."),
            Length(max=LINK_LIMIT, message=f"Keep the link within {LINK_LIMIT} characters."),
        ],
        filters=[tidy],
    )


class RecordingForm(FlaskForm):  # type: ignore[misc]
    """Where a recording is, for how long it shows, and whether it may be kept."""

    link = StringField(
        "Recording link",
        [Length(max=LINK_LIMIT, message=f"Keep the link within {LINK_LIMIT} characters.")],
        filters=[tidy],
    )
    days = IntegerField("Show it for", [NumberRange(1, 365, "Choose between 1 and 365 days.")], default=30)
    downloadable = BooleanField("The student may download it")
