"""Sessions: one meeting of a student and a counsellor. It occupies time and uses one credit.

Overlap is refused by two exclusion constraints, one per calendar; the range form of the id needs
no extension, so any Postgres will do.
"""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User
from webapp.bookings.rules.reminders import next_reminder
from webapp.bookings.rules.states import SessionStatus
from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column, str_enum
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment

OCCUPIES = "status in ('held', 'requested', 'scheduled')"


class MeetingMode(enum.StrEnum):
    """How the two meet."""

    VIDEO = "video"
    PHONE = "phone"
    CHAT = "chat"
    IN_PERSON = "in-person"


def _first_reminder(context: DefaultExecutionContext) -> dt.datetime | None:
    """Plan the first reminder of a row that comes into the table already confirmed."""
    values: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    if values["status"] != SessionStatus.SCHEDULED:
        return None
    return next_reminder(values["starts_at"], values.get("confirmed_at") or values["requested_at"])


class CounsellingSession(IdMixin, TimesMixin, Base):
    """A session, or (status held) a time kept for someone who is paying.

    ``expires_at``: when a request or a hold lapses. ``version`` counts changes of time or state
    that people are told of; it is the SEQUENCE of the calendar file. ``remind_at``: when time alone
    makes us write next (a reminder, the question for a review); a sweep reads nothing else. All instants UTC.
    """

    __tablename__ = "counselling_sessions"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="times"),
        CheckConstraint("(status in ('held', 'requested')) = (expires_at is not null)", name="expiry_while_waiting"),
        CheckConstraint("status = 'held' or enrolment_id is not null", name="credit_behind_it"),
        ExcludeConstraint(
            (text("int8range(counsellor_id, counsellor_id, '[]')"), "&&"),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_sessions_counsellor_time",
            using="gist",
            where=text(OCCUPIES),
        ),
        ExcludeConstraint(
            (text("int8range(student_id, student_id, '[]')"), "&&"),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_sessions_student_time",
            using="gist",
            where=text(OCCUPIES),
        ),
        Index("ix_sessions_counsellor_start", "counsellor_id", "starts_at"),
        Index("ix_sessions_student_start", "student_id", "starts_at"),
        Index("ix_sessions_enrolment", "enrolment_id"),
        Index("ix_sessions_start_live", "starts_at", postgresql_where=text(OCCUPIES)),
        Index("ix_sessions_expires", "expires_at", "id", postgresql_where=text("expires_at is not null")),
        Index(
            "ix_sessions_counsellor_expires",
            "counsellor_id",
            "expires_at",
            postgresql_where=text("expires_at is not null"),
        ),
        Index("ix_sessions_remind", "remind_at", "id", postgresql_where=text("remind_at is not null")),
        Index("ix_sessions_value_open", "id", postgresql_where=text("status = 'completed' and not value_booked")),
    )

    public_id: Mapped[str] = public_id_column("session")
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellors.id"))
    student_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolments.id"))
    status: Mapped[SessionStatus] = mapped_column(str_enum(SessionStatus, "status"))
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    agenda: Mapped[str] = mapped_column(String(2002), default="", server_default="")
    meeting_mode: Mapped[MeetingMode] = mapped_column(str_enum(MeetingMode, "meeting_mode"), default=MeetingMode.VIDEO)
    meeting_link: Mapped[str | None] = mapped_column(String(500))
    meeting_platform: Mapped[str | None] = mapped_column(String(40))
    expires_at: Mapped[dt.datetime | None]
    requested_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]
    reason: Mapped[str] = mapped_column(String(500), default="", server_default="")  # of decline, cancel or move
    credit_returned: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    version: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    calendar_uid: Mapped[str | None] = mapped_column(String(40))  # of the first in a chain of moved sessions
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    private_notes: Mapped[str] = mapped_column(Text, default="", server_default="")  # staff only
    shared_notes: Mapped[str] = mapped_column(Text, default="", server_default="")
    student_notes: Mapped[str] = mapped_column(Text, default="", server_default="")  # for the student's eyes alone
    # Never loaded with the row: `queries.recordings` asks the database whether it may still be shown.
    recording_link: Mapped[str | None] = mapped_column(String(500), deferred=True, deferred_raiseload=True)
    recording_expires_at: Mapped[dt.datetime | None]
    recording_downloadable: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    move_offered_at: Mapped[dt.datetime | None]  # the counsellor asked the student for another time
    remind_at: Mapped[dt.datetime | None] = mapped_column(default=_first_reminder)
    value_booked: Mapped[bool] = mapped_column(default=False, server_default=text("false"))  # the ledger has seen it
    rescheduled_from_id: Mapped[int | None] = mapped_column(
        ForeignKey("counselling_sessions.id", name="fk_counselling_sessions_rescheduled_from"), unique=True
    )

    counsellor: Mapped[Counsellor] = relationship()
    student: Mapped[User] = relationship()
    enrolment: Mapped[Enrolment | None] = relationship()
    next_steps: Mapped[list[NextStep]] = relationship(order_by="NextStep.position, NextStep.id", cascade="all")

    @property
    def minutes(self) -> int:
        """Length in minutes."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


class NextStep(IdMixin, Base):
    """One thing the student is to do after a session; ticked off by the student."""

    __tablename__ = "next_steps"

    public_id: Mapped[str] = public_id_column("step")
    session_id: Mapped[int] = mapped_column(ForeignKey("counselling_sessions.id"), index=True)
    position: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    text: Mapped[str] = mapped_column(String(300))
    done_at: Mapped[dt.datetime | None]


class SessionChange(IdMixin, Base):
    """One line of a session's history: who did what, when, from which state to which."""

    __tablename__ = "session_changes"

    session_id: Mapped[int] = mapped_column(ForeignKey("counselling_sessions.id"), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: the house itself
    at: Mapped[dt.datetime]
    event: Mapped[str] = mapped_column(String(40))
    from_status: Mapped[str | None] = mapped_column(String(32))
    to_status: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))
