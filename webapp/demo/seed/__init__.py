"""Fills an empty house with a believable week; on a house that is lived in, adds only what is missing.

Each topic has its module: people, profiles and hours of counsellors, the catalogue, the sessions
around today, reviews. What people changed is never changed back; sessions are added at most once a
day, so a second run on the same day writes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.accounts.models import Role, User
from webapp.availability.rules import local_date
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.config import Settings
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import Counsellor
from webapp.demo.seed.aftermath import write_up
from webapp.demo.seed.catalogue import make_packages, make_services
from webapp.demo.seed.diary import Diary
from webapp.demo.seed.hours import HOURS, make_calendars, make_exceptions
from webapp.demo.seed.inbox import make_inbox
from webapp.demo.seed.leads import make_leads
from webapp.demo.seed.payments import make_payments
from webapp.demo.seed.people import LOGINS, Person, everyone, existing_users, make_users, missing
from webapp.demo.seed.profiles import PROFILES, Profile
from webapp.demo.seed.reviews import make_reviews, settle_ratings
from webapp.demo.seed.staff import desk_people, make_desk
from webapp.demo.seed.wallets import Wallets
from webapp.demo.seed.week import Week, last_round, settle_past

_LOCK = 4_711_002  # of pg_advisory_xact_lock: two seedings at once wait for each other


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a seeding added."""

    users: int
    counsellors: int
    sessions: int


def seed_demo(session: Session, *, hash_password: Callable[[], str], settings: Settings, now: dt.datetime) -> Seeded:
    """Add what the demo lacks; ``hash_password`` is called at most once, and only for new accounts."""
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    now = now.replace(second=0, microsecond=0)
    users, new_users = _make_people(session, hash_password, now)
    counsellors, new = _make_counsellors(session, users, now)
    packages = make_packages(session, counsellors)
    wallets = Wallets(session, packages, list(users.values()))
    diary = Diary(session, counsellors, now, settings)
    sessions = _make_sessions(Week(session, users, counsellors, wallets, diary, now))
    session.flush()  # what was bought is read by its money
    make_payments(session, users, packages, now, settings)
    make_leads(session, users, packages, now)
    held = write_up(session, now)
    make_reviews(session, [row for row in sessions if row.status is SessionStatus.COMPLETED], new, now)
    make_inbox(session, users, {row.id: row for row in [*sessions, *held]}.values(), now)
    settle_ratings(session, new.values())
    make_desk(session, users, now)
    return Seeded(new_users, len(new), len(sessions))


def _make_people(session: Session, hash_password: Callable[[], str], now: dt.datetime) -> tuple[dict[str, User], int]:
    """Return the demo's users by key, and how many of them are new."""
    people = [*everyone(), *desk_people(), *(_as_person(profile) for profile in PROFILES if profile.has_login)]
    people = list({person.key: person for person in people}.values())
    found = existing_users(session, [person.email for person in people])
    absent = missing(people, found)
    if absent:
        found |= make_users(session, absent, password_hash=hash_password(), now=now)
    return {person.key: found[person.email] for person in people}, len(absent)


def _as_person(profile: Profile) -> Person:
    """The account behind a profile; the one with a login to try is described among the logins."""
    known = {person.key: person for person in LOGINS}
    if profile.key in known:
        return known[profile.key]
    zone = HOURS[profile.key].zone
    return Person(profile.key, profile.name, profile.email, Role.COUNSELLOR, joined=500, zone=zone)


def _make_counsellors(
    session: Session, users: dict[str, User], now: dt.datetime
) -> tuple[dict[str, Counsellor], dict[str, Counsellor]]:
    """Return the demo's counsellors by key, and those that are new, with calendars and services."""
    emails = [profile.email for profile in PROFILES]
    rows = session.scalars(select(Counsellor).where(func.lower(Counsellor.email).in_(emails)))
    found = {row.email.lower(): row for row in rows}
    new = {
        profile.key: _counsellor(profile, order, users.get(profile.key))
        for order, profile in enumerate(PROFILES)
        if profile.email not in found
    }
    session.add_all(new.values())
    session.flush()  # calendars need their ids
    make_calendars(session, new)
    make_exceptions(session, new, local_date(now, DEFAULT_ZONE))
    make_services(session, new)
    session.flush()  # free times are read from the calendars
    old = {profile.key: found[profile.email] for profile in PROFILES if profile.email in found}
    return old | new, new


def _counsellor(profile: Profile, order: int, user: User | None) -> Counsellor:
    return Counsellor(
        user_id=user.id if user else None,
        name=profile.name,
        title=profile.title,
        email=profile.email,
        bio=profile.bio,
        short_bio=profile.short_bio,
        qualifications=list(profile.qualifications),
        certifications=list(profile.certifications),
        specializations=list(profile.topics),
        exam_types=list(profile.exams),
        languages=list(profile.languages),
        experience=profile.experience,
        students_guided=profile.guided,
        location=profile.location,
        hourly_rate=profile.rate,
        rating_start=Decimal(profile.rating),
        reviews_start=profile.reviews,
        rating=Decimal(profile.rating),
        review_count=profile.reviews,
        is_featured=profile.featured,
        display_order=order,
    )


def _make_sessions(week: Week) -> list[CounsellingSession]:
    """Write this day's round of sessions unless there was one already."""
    before = last_round(week.session)
    if before is not None and before >= week.today:
        return []
    settle_past(week.session, week.now)
    return week.fill(before)
