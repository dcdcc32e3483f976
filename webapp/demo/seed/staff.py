"""At the counsellors' desk: somebody who applies to counsel, and somebody who has stopped."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.accounts.models import Role, User
from webapp.counsellors.models import Counsellor
from webapp.demo.seed.people import DOMAIN, Person

APPLICANT = Person("tariq", "Tariq Ansari", f"tariq.ansari@{DOMAIN}", Role.COUNSELLOR, joined=1, phone="+919811042277")
LEFT = Person("gopika", "Gopika Menon", f"gopika.menon@{DOMAIN}", Role.COUNSELLOR, joined=540)
DAY = dt.timedelta(days=1)


def desk_people() -> list[Person]:
    """Return who has an account here without counselling."""
    return [APPLICANT, LEFT]


def make_desk(session: Session, users: dict[str, User], now: dt.datetime) -> None:
    """Add the two profiles unless they are there."""
    emails = [APPLICANT.email, LEFT.email]
    there = set(session.scalars(select(func.lower(Counsellor.email)).where(func.lower(Counsellor.email).in_(emails))))
    if APPLICANT.email not in there:
        session.add(_applicant(users[APPLICANT.key], now))
    if LEFT.email not in there:
        session.add(_left(users[LEFT.key], now))


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
