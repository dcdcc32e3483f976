"""Reviews."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column
from webapp.counsellors.models import EMPTY_ARRAY, Counsellor


class Review(IdMixin, TimesMixin, Base):
    """One review a session, by its student. Public while ``published_at`` is set.

    With ``taken_back_at`` it was read and is not to be public: nobody waits for it until its student changes it.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint("rating between 1 and 5", name="rating"),
        Index("ix_reviews_counsellor_published", "counsellor_id", "published_at"),
        Index("ix_reviews_waiting", "id", postgresql_where=sql("published_at is null and taken_back_at is null")),
    )

    public_id: Mapped[str] = public_id_column("review")
    session_id: Mapped[int] = mapped_column(ForeignKey("counselling_sessions.id"), unique=True)
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellors.id"))
    student_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    rating: Mapped[int] = mapped_column(SmallInteger)
    text: Mapped[str] = mapped_column(String(2000), default="", server_default="")
    would_recommend: Mapped[bool] = mapped_column(default=True)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=EMPTY_ARRAY)
    aspects: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=sql("'{}'::jsonb"))
    published_at: Mapped[dt.datetime | None]
    taken_back_at: Mapped[dt.datetime | None]
    moderation_note: Mapped[str] = mapped_column(String(500), default="", server_default="")  # staff only
    response: Mapped[str] = mapped_column(String(2000), default="", server_default="")
    responded_at: Mapped[dt.datetime | None]

    session: Mapped[CounsellingSession] = relationship()
    counsellor: Mapped[Counsellor] = relationship()
    student: Mapped[User] = relationship()
