"""When a counsellor is open: weekly local hours, days that differ, and the rules of booking."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.availability.rules import BookingMode
from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column, str_enum
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import TRUE, ZERO


class Calendar(TimesMixin, Base):
    """A counsellor's zone and booking rules; one row each. Minutes, hours and days as named."""

    __tablename__ = "calendars"
    __table_args__ = (
        CheckConstraint("session_minutes in (30, 45, 60, 90)", name="session_minutes"),
        CheckConstraint("step_minutes is null or step_minutes between 5 and 240", name="step_minutes"),
        CheckConstraint("buffer_before between 0 and 240 and buffer_after between 0 and 240", name="buffers"),
        CheckConstraint("notice_hours between 0 and 720", name="notice_hours"),
        CheckConstraint("horizon_days between 1 and 365", name="horizon_days"),
        CheckConstraint("max_per_day is null or max_per_day between 1 and 48", name="max_per_day"),
        CheckConstraint("cancel_deadline_hours between 0 and 720", name="cancel_deadline_hours"),
    )

    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellors.id"), primary_key=True)
    zone: Mapped[str] = mapped_column(String(64), default=DEFAULT_ZONE)
    session_minutes: Mapped[int] = mapped_column(default=30, server_default=text("30"))
    step_minutes: Mapped[int | None]
    buffer_before: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    buffer_after: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    notice_hours: Mapped[int] = mapped_column(default=24, server_default=text("24"))
    horizon_days: Mapped[int] = mapped_column(default=90, server_default=text("90"))
    max_per_day: Mapped[int | None]
    cancel_deadline_hours: Mapped[int | None]  # None: the house's setting
    mode: Mapped[BookingMode] = mapped_column(str_enum(BookingMode, "mode"), default=BookingMode.APPROVAL)
    is_open: Mapped[bool] = mapped_column(default=True, server_default=TRUE)
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class AvailabilityWindow(IdMixin, Base):
    """Weekly local hours: weekday (0 Monday), start and end in minutes of the wall clock (end ≤ 24:00)."""

    __tablename__ = "availability_windows"
    __table_args__ = (
        CheckConstraint("weekday between 0 and 6", name="weekday"),
        CheckConstraint("0 <= start_minute and start_minute < end_minute and end_minute <= 1440", name="minutes"),
        ExcludeConstraint(
            (text("int8range(counsellor_id, counsellor_id, '[]')"), "&&"),
            (text("int4range(weekday::int, weekday::int, '[]')"), "&&"),
            (text("int4range(start_minute::int, end_minute::int)"), "&&"),
            name="ex_availability_windows_overlap",
            using="gist",
        ),
    )

    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellors.id"), index=True)
    weekday: Mapped[int] = mapped_column(SmallInteger)
    start_minute: Mapped[int] = mapped_column(SmallInteger)
    end_minute: Mapped[int] = mapped_column(SmallInteger)


class AvailabilityException(IdMixin, TimesMixin, Base):
    """One date that replaces the weekly hours. ``ranges`` is [[start, end], …] in minutes; empty = off."""

    __tablename__ = "availability_exceptions"
    __table_args__ = (UniqueConstraint("counsellor_id", "date", name="uq_availability_exceptions_day"),)

    public_id: Mapped[str] = public_id_column("exception")
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellors.id"))
    date: Mapped[dt.date]
    ranges: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))
    reason: Mapped[str] = mapped_column(String(120), default="", server_default="")
