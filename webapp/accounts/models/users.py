"""Users."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, Computed, Index, String, func, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column

from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column, str_enum
from webapp.core.times import DEFAULT_ZONE

# What the desk finds a person by: words of the name, parts of the address, the phone with and without its country.
SEARCH = (
    "to_tsvector('simple'::regconfig, name || ' ' || email || ' ' || translate(email, '@._-+', '     ') || ' ' || "
    "coalesce(replace(phone, '+', '') || ' ' || right(phone, 10), ''))"
)


class Role(enum.StrEnum):
    """What an account is for."""

    STUDENT = "student"
    COUNSELLOR = "counsellor"
    ADMIN = "admin"


class User(IdMixin, TimesMixin, Base):
    """An account. The mail address is unique whatever its case.

    ``auth_version`` is part of every login: raising it signs the user out everywhere.
    """

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_email_lower", func.lower(text("email")), unique=True),
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
        Index("ix_users_search", "search", postgresql_using="gin"),
        Index("ix_users_role", "role", "id"),
    )

    public_id: Mapped[str] = public_id_column("user")
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(str_enum(Role, "role"), default=Role.STUDENT)
    zone: Mapped[str] = mapped_column(String(64), default=DEFAULT_ZONE)
    email_verified_at: Mapped[dt.datetime | None]
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    auth_version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    feed_key_hash: Mapped[str | None] = mapped_column(String(64), unique=True)  # of the private calendar feed
    deactivated_at: Mapped[dt.datetime | None]
    deactivated_reason: Mapped[str | None] = mapped_column(String(500))
    erased_at: Mapped[dt.datetime | None]  # the person asked to be forgotten; the books keep the row
    search: Mapped[Any] = deferred(mapped_column(TSVECTOR, Computed(SEARCH, persisted=True)))

    # What flask-login asks of a user object.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Whether the account may be used at all."""
        return self.active

    def get_id(self) -> str:
        """Return what the login cookie carries: the public id and the version of the credentials."""
        return f"{self.public_id}.{self.auth_version}"

    @property
    def is_verified(self) -> bool:
        """Whether the mail address has been confirmed; bookings and purchases need it."""
        return self.email_verified_at is not None

    @property
    def is_student(self) -> bool:
        """Role test for templates."""
        return self.role is Role.STUDENT

    @property
    def first_name(self) -> str:
        """The name one is greeted with: "Ananya", "Dr. Meera"."""
        first, *rest = self.name.split()
        return f"{first} {rest[0]}" if first.endswith(".") and rest else first
