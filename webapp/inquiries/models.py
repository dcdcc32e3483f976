"""Inquiries, what happened to them, the people behind them, saved views and imports."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from webapp.accounts.models import User
from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column, str_enum
from webapp.enrolments.models import Enrolment
from webapp.packages.models import Package

ZERO = text("0")
EMPTY_LIST = text("'[]'::jsonb")
SEARCH = (
    "to_tsvector('simple'::regconfig, name || ' ' || email || ' ' || translate(email, '@._-+', '     ') || ' ' || "
    "replace(phone, '+', '') || ' ' || right(phone, 10) || ' ' || ticket_number || ' ' || "
    "right(ticket_number, 5) || ' ' || message)"
)


class Exam(enum.StrEnum):
    """What somebody asks about; finer than a package's exam type."""

    JEE_MAIN = "jee-main"
    JEE_ADVANCED = "jee-advanced"
    NEET = "neet"
    WBJEE = "wbjee"
    OTHER = "other"


class InquiryStatus(enum.StrEnum):
    """new → contacted → converted · closed, and a closed one may be reopened."""

    NEW = "new"
    CONTACTED = "contacted"
    CONVERTED = "converted"
    CLOSED = "closed"


class EventKind(enum.StrEnum):
    """What a line of an inquiry's timeline tells."""

    CREATED = "created"
    STATUS = "status"
    ASSIGNEE = "assignee"
    FOLLOW_UP = "follow_up"
    EDITED = "edited"
    NOTE = "note"
    CALL = "call"
    MAIL = "mail"
    DUPLICATE = "duplicate"
    CONVERTED = "converted"
    PAID = "paid"


class CallOutcome(enum.StrEnum):
    """How a call went."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    CALL_BACK = "call_back"
    WRONG_NUMBER = "wrong_number"


class ImportStatus(enum.StrEnum):
    """How far an import has come. Nothing of it is stored as a lead before it is done."""

    PREVIEWED = "previewed"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DISCARDED = "discarded"


class LeadPerson(IdMixin, Base):
    """Somebody who asked once or more often: all inquiries with the same mail address or phone belong to one person."""

    __tablename__ = "lead_people"

    public_id: Mapped[str] = public_id_column("person")
    created_at: Mapped[dt.datetime]

    inquiries: Mapped[list[Inquiry]] = relationship(back_populates="person", order_by="Inquiry.id")


class TicketCounter(Base):
    """The last ticket number of a year (India's calendar); its row lock makes the run gapless."""

    __tablename__ = "ticket_counters"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class Inquiry(IdMixin, TimesMixin, Base):
    """A lead. ``email_key``/``phone_key`` are normalised and tie inquiries of one person together.

    ``version`` rises with every change by staff: who saves over an older one is shown what changed.
    ``answer_due_at`` is the promise "answered within 24 h"; ``answered_at`` when somebody first got in touch.
    ``asked_at`` is when the form came in (``created_at`` is the database's clock).
    """

    __tablename__ = "inquiries"
    __table_args__ = (
        CheckConstraint("rank is null or rank between 1 and 9999999", name="rank"),
        CheckConstraint("(status = 'converted') = (converted_at is not null)", name="converted"),
        CheckConstraint("version >= 1", name="version"),
        Index("ix_inquiries_asked", "asked_at", "id"),
        Index("ix_inquiries_status", "status", "asked_at", "id"),
        Index("ix_inquiries_board", "status", "position", "id"),
        Index("ix_inquiries_exam", "exam", "asked_at", "id"),
        Index("ix_inquiries_assignee", "assignee_id", "asked_at", "id"),
        Index("ix_inquiries_source", "source", "asked_at", "id"),
        Index(
            "ix_inquiries_follow_up",
            "follow_up_on",
            "id",
            postgresql_where=text("follow_up_on is not null and status in ('new', 'contacted')"),
        ),
        Index(
            "ix_inquiries_unanswered",
            "answer_due_at",
            "id",
            postgresql_where=text("answered_at is null and status = 'new'"),
        ),
        Index(
            "ix_inquiries_to_forget",
            "asked_at",
            "id",
            postgresql_where=text("forgotten_at is null and status <> 'converted'"),
        ),
        Index("ix_inquiries_email_key", "email_key"),
        Index("ix_inquiries_phone_key", "phone_key"),
        Index("ix_inquiries_search", "search", postgresql_using="gin"),
    )

    public_id: Mapped[str] = public_id_column("inquiry")
    ticket_number: Mapped[str] = mapped_column(String(20), unique=True)  # "INQ-2026-00123"
    person_id: Mapped[int] = mapped_column(ForeignKey("lead_people.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(16))
    email_key: Mapped[str] = mapped_column(String(254))
    phone_key: Mapped[str] = mapped_column(String(16))
    exam: Mapped[Exam] = mapped_column(str_enum(Exam, "exam"))
    rank: Mapped[int | None]
    category: Mapped[str] = mapped_column(String(20), default="", server_default="")
    state: Mapped[str] = mapped_column(String(60), default="", server_default="")
    message: Mapped[str] = mapped_column(String(2000), default="", server_default="")
    consent_at: Mapped[dt.datetime | None]
    source: Mapped[str] = mapped_column(String(60), default="website", server_default="website")
    utm_source: Mapped[str] = mapped_column(String(100), default="", server_default="")
    utm_medium: Mapped[str] = mapped_column(String(100), default="", server_default="")
    utm_campaign: Mapped[str] = mapped_column(String(100), default="", server_default="")
    referrer: Mapped[str] = mapped_column(String(300), default="", server_default="")
    status: Mapped[InquiryStatus] = mapped_column(
        str_enum(InquiryStatus, "status"), default=InquiryStatus.NEW, server_default=InquiryStatus.NEW.value
    )
    position: Mapped[int] = mapped_column(BigInteger, default=0, server_default=ZERO)  # order within a board's column
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    follow_up_on: Mapped[dt.date | None]
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    asked_at: Mapped[dt.datetime]
    answer_due_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    converted_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    converted_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    wanted_package_id: Mapped[int | None] = mapped_column(ForeignKey("packages.id"))  # what the payment link is for
    converted_enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolments.id"), unique=True)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("lead_imports.id"), index=True)
    forgotten_at: Mapped[dt.datetime | None]  # personal data removed; the ticket number stays
    search: Mapped[Any] = deferred(mapped_column(TSVECTOR, Computed(SEARCH, persisted=True)))

    person: Mapped[LeadPerson] = relationship(back_populates="inquiries")
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    converted_user: Mapped[User | None] = relationship(foreign_keys=[converted_user_id])
    converted_enrolment: Mapped[Enrolment | None] = relationship()
    wanted_package: Mapped[Package | None] = relationship()

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.status in (InquiryStatus.NEW, InquiryStatus.CONTACTED)


class InquiryEvent(IdMixin, Base):
    """One line of an inquiry's timeline, kept in the words of the moment."""

    __tablename__ = "inquiry_events"
    __table_args__ = (Index("ix_inquiry_events_inquiry", "inquiry_id", "id"),)

    public_id: Mapped[str] = public_id_column("event")
    inquiry_id: Mapped[int] = mapped_column(ForeignKey("inquiries.id", ondelete="CASCADE"))
    kind: Mapped[EventKind] = mapped_column(str_enum(EventKind, "kind"))
    at: Mapped[dt.datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str] = mapped_column(Text, default="", server_default="")
    outcome: Mapped[CallOutcome | None] = mapped_column(str_enum(CallOutcome, "outcome"))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))

    inquiry: Mapped[Inquiry] = relationship()
    actor: Mapped[User | None] = relationship()


class LeadView(IdMixin, TimesMixin, Base):
    """A filter an admin has given a name: ``query`` is the canonical query string of the leads page."""

    __tablename__ = "lead_views"
    __table_args__ = (UniqueConstraint("owner_id", "name", name="uq_lead_views_owner_name"),)

    public_id: Mapped[str] = public_id_column("view")
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(600))


class LeadImport(IdMixin, TimesMixin, Base):
    """A CSV file of leads: uploaded and checked first, carried out by a job in one transaction or not at all.

    ``problems`` lists ``{line, field, message}`` of rows that cannot come in (the first 500).
    """

    __tablename__ = "lead_imports"
    __table_args__ = (
        CheckConstraint("total >= 0 and good >= 0 and good <= total", name="counts"),
        Index("ix_lead_imports_running", "id", postgresql_where=text("status = 'running'")),
        Index("ix_lead_imports_digest", "digest"),
    )

    public_id: Mapped[str] = public_id_column("import")
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    filename: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))  # gone once done or discarded
    digest: Mapped[str] = mapped_column(String(64), default="", server_default="")  # SHA-256: the same file twice
    leave_out_known: Mapped[bool] = mapped_column(default=False, server_default=text("false"))  # duplicates stay out
    status: Mapped[ImportStatus] = mapped_column(
        str_enum(ImportStatus, "status"), default=ImportStatus.PREVIEWED, server_default=ImportStatus.PREVIEWED.value
    )
    total: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    good: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    duplicates: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    problems: Mapped[list[Any]] = mapped_column(default=list, server_default=EMPTY_LIST)
    claimed_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    error: Mapped[str] = mapped_column(String(300), default="", server_default="")
