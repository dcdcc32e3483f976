"""At the counsellors' desk: somebody who applies to counsel, and somebody who has stopped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from sqlalchemy.orm import Session

from webapp.accounts.models import Role, User
from webapp.counsellors.models import Counsellor
from webapp.demo.seed.people import DOMAIN, Person, existing_users, make_users

APPLICANT = Person(
    "farhan", "Farhan Siddiqui", f"farhan.siddiqui@{DOMAIN}", Role.COUNSELLOR, joined=1, phone="+919811042277"
)
LEFT = Person("lakshmi", "Lakshmi Menon", f"lakshmi.menon@{DOMAIN}", Role.COUNSELLOR, joined=540)
DAY = dt.timedelta(days=1)


def make_desk(session: Session, hash_password: Callable[[], str], now: dt.datetime) -> int:
    """Add the two unless they are there; return how many accounts are new."""
    found = existing_users(session, [APPLICANT.email, LEFT.email])
    absent = [person for person in (APPLICANT, LEFT) if person.email not in found]
    if not absent:
        return 0
    made = make_users(session, absent, password_hash=hash_password(), now=now)
    for person in absent:
        user = made[person.email]
        session.add(_applicant(user, now) if person is APPLICANT else _left(user, now))
    session.flush()  # both have an id before anything looks for them
    return len(absent)


def _applicant(user: User, now: dt.datetime) -> Counsellor:
    return Counsellor(
        user_id=user.id,
        name=user.name,
        title="NEET UG and state medical quotas",
        email=user.email,
        phone=user.phone,
        exam_types=["neet"],
        languages=["English", "Hindi", "Urdu"],
        experience=6,
        location="Lucknow",
        is_active=False,
        applied_at=now - DAY,
        application="I have run the counselling desk of a coaching centre in Lucknow for six years, mostly NEET UG "
        "with the UP, Bihar and Delhi quotas. Some 700 families so far.\n\nI would like to work online, in the "
        "evenings and on Sundays, and to have my lists looked over by colleagues.",
    )


def _left(user: User, now: dt.datetime) -> Counsellor:
    user.active = False
    user.deactivated_at, user.deactivated_reason = now - 20 * DAY, "Stopped counselling."
    return Counsellor(
        user_id=user.id,
        name=user.name,
        title="KEAM and private engineering",
        email=user.email,
        exam_types=["jee"],
        languages=["English", "Malayalam"],
        specializations=["Private universities"],
        experience=4,
        students_guided=310,
        location="Kochi",
        hourly_rate=150000,
        rating_start=Decimal("4.6"),
        reviews_start=38,
        rating=Decimal("4.6"),
        review_count=38,
        is_active=False,
        deactivated_at=now - 20 * DAY,
        deactivated_reason="Has taken a full-time teaching post. Last session on the 12th; everything handed over.",
        display_order=99,
    )
