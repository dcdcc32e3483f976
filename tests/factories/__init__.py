"""Makes rows with sensible defaults; every argument overrides a column."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any, TypeVar

from webapp.accounts.models import Login, LoginKind, Role, User
from webapp.availability.models import AvailabilityException, AvailabilityWindow, Calendar
from webapp.availability.rules import BookingMode
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules.states import SessionStatus
from webapp.core.db import Base, db
from webapp.counsellors.models import Counsellor, Service
from webapp.enrolments.models import Enrolment, EnrolmentSource
from webapp.packages.models import ExamType, Package, PackageFeature
from webapp.reviews.models import Review

NOW = dt.datetime(2026, 12, 9, 4, 0, tzinfo=dt.UTC)
PASSWORD_HASH = "unusable"  # tests that sign in through the form set a real one
_numbers = itertools.count(1)
Row = TypeVar("Row", bound=Base)


def _add(row: Row) -> Row:
    db.session.add(row)
    db.session.flush()
    return row


def make_user(*, role: Role | str = Role.STUDENT, verified: bool = True, **columns: Any) -> User:
    """Make a user; a verified student unless said otherwise."""
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "name": f"Person Number{number}",
        "email": f"person{number}@example.com",
        "password_hash": PASSWORD_HASH,
        "role": Role(role),
        "email_verified_at": NOW - dt.timedelta(days=30) if verified else None,
    }
    return _add(User(**{**defaults, **columns}))


def make_login(user: User, *, kind: LoginKind = LoginKind.BROWSER, **columns: Any) -> Login:
    """Make a login that holds for a year, seen so lately that nothing is written about it."""
    defaults: dict[str, Any] = {
        "user_id": user.id,
        "kind": kind,
        "auth_version": user.auth_version,
        "last_seen_at": NOW + dt.timedelta(days=365),
        "expires_at": NOW + dt.timedelta(days=365),
    }
    return _add(Login(**{**defaults, **columns}))


def make_counsellor(
    *,
    user: User | None = None,
    calendar: bool = True,
    mode: BookingMode | str = BookingMode.INSTANT,
    windows: list[tuple[int, int, int]] | None = None,
    rules: dict[str, Any] | None = None,
    **columns: Any,
) -> Counsellor:
    """Make a counsellor with a user and a calendar: instant, every day 10:00–13:00 IST by default."""
    user = user or make_user(role=Role.COUNSELLOR)
    defaults: dict[str, Any] = {
        "user_id": user.id,
        "name": user.name,
        "title": "JEE and JoSAA counsellor",
        "email": user.email,
        "exam_types": ["jee", "neet"],
        "languages": ["English", "Hindi"],
        "specializations": ["Choice lists"],
        "rating": Decimal("4.5"),
    }
    counsellor = _add(Counsellor(**{**defaults, **columns}))
    if calendar:
        make_calendar(counsellor, mode=mode, windows=windows, **(rules or {}))
    return counsellor


def make_calendar(
    counsellor: Counsellor,
    *,
    mode: BookingMode | str = BookingMode.INSTANT,
    windows: list[tuple[int, int, int]] | None = None,
    **columns: Any,
) -> Calendar:
    """Make a calendar and its weekly windows, given as (weekday, start minute, end minute)."""
    calendar = _add(Calendar(counsellor_id=counsellor.id, mode=BookingMode(mode), **columns))
    for weekday, start, end in windows if windows is not None else [(day, 600, 780) for day in range(7)]:
        make_window(counsellor, weekday, start, end)
    return calendar


def make_window(counsellor: Counsellor, weekday: int, start: int, end: int) -> AvailabilityWindow:
    """Make one weekly window in local minutes."""
    return _add(AvailabilityWindow(counsellor_id=counsellor.id, weekday=weekday, start_minute=start, end_minute=end))


def make_exception(
    counsellor: Counsellor, date: dt.date, ranges: list[list[int]] | None = None, reason: str = ""
) -> AvailabilityException:
    """Make an exception; no ranges means a day off."""
    return _add(AvailabilityException(counsellor_id=counsellor.id, date=date, ranges=ranges or [], reason=reason))


def make_service(counsellor: Counsellor, **columns: Any) -> Service:
    """Make a single service of a counsellor (45 min, ₹999)."""
    defaults: dict[str, Any] = {"title": "Choice list check", "duration": 45, "price": 99900}
    return _add(Service(**{**defaults, "counsellor_id": counsellor.id, **columns}))


def make_package(
    *,
    counsellors: list[Counsellor] | None = None,
    features: list[tuple[str, bool]] | None = None,
    **columns: Any,
) -> Package:
    """Make an active JEE package: ₹4,999, 180 days, 4 sessions of 30 minutes."""
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "name": f"JEE Plan {number}",
        "slug": f"jee-plan-{number}",
        "exam_type": ExamType.JEE,
        "price": 499900,
        "validity_days": 180,
        "max_sessions": 4,
        "session_minutes": 30,
    }
    package = Package(**{**defaults, **columns})
    package.counsellors = list(counsellors or [])
    for position, (title, included) in enumerate(features or [("Choice list", True), ("Hostel help", False)]):
        package.features.append(PackageFeature(title=title, included=included, position=position))
    return _add(package)


def make_enrolment(user: User, package: Package | None = None, *, now: dt.datetime = NOW, **columns: Any) -> Enrolment:
    """Make an active, granted enrolment with the package's credits, bought 10 days ago."""
    package = package or make_package()
    defaults: dict[str, Any] = {
        "user_id": user.id,
        "package_id": package.id,
        "title": package.name,
        "source": EnrolmentSource.GRANT,
        "sessions_total": package.max_sessions,
        "session_minutes": package.session_minutes,
        "enrolled_at": now - dt.timedelta(days=10),
        "expires_at": now + dt.timedelta(days=170),
    }
    return _add(Enrolment(**{**defaults, **columns}))


def make_session(
    enrolment: Enrolment,
    counsellor: Counsellor,
    starts_at: dt.datetime,
    *,
    status: SessionStatus | str = SessionStatus.SCHEDULED,
    minutes: int | None = None,
    debit: bool = True,
    **columns: Any,
) -> CounsellingSession:
    """Make a session of this enrolment; a credit is used unless ``debit`` is false."""
    status = SessionStatus(status)
    if debit:
        enrolment.sessions_used += 1
    waiting = status is SessionStatus.REQUESTED
    defaults: dict[str, Any] = {
        "counsellor_id": counsellor.id,
        "student_id": enrolment.user_id,
        "enrolment_id": enrolment.id,
        "status": status,
        "starts_at": starts_at,
        "ends_at": starts_at + dt.timedelta(minutes=minutes or enrolment.session_minutes),
        "requested_at": NOW - dt.timedelta(days=1),
        "expires_at": starts_at - dt.timedelta(hours=3) if waiting else None,
        "confirmed_at": NOW - dt.timedelta(days=1) if status is SessionStatus.SCHEDULED else None,
        "meeting_link": "https://meet.jit.si/disha-test-room" if status is SessionStatus.SCHEDULED else None,
    }
    return _add(CounsellingSession(**{**defaults, **columns}))


def make_review(session: CounsellingSession, *, published: bool = True, **columns: Any) -> Review:
    """Make a published five-star review of a session."""
    defaults: dict[str, Any] = {
        "session_id": session.id,
        "counsellor_id": session.counsellor_id,
        "student_id": session.student_id,
        "rating": 5,
        "text": "Clear and kind.",
        "published_at": NOW if published else None,
    }
    return _add(Review(**{**defaults, **columns}))
