"""Users."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import CheckConstraint, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column, str_enum
from webapp.core.times import DEFAULT_ZONE


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
