"""Packages the demo's students bought: who has a credit for whom."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment, EnrolmentSource, EnrolmentStatus
from webapp.enrolments.rules import expiry
from webapp.packages.models import Package


class Wallets:
    """The enrolments of the demo's students; buys the next package when credits run out."""

    def __init__(self, session: Session, packages: Mapping[str, Package], users: Sequence[User]) -> None:
        """Load what the users have that is active, and who counsels in the packages."""
        self._session = session
        self._packages = packages
        self._teams = {package.id: {member.id for member in package.counsellors} for package in packages.values()}
        self._owned: defaultdict[int, list[Enrolment]] = defaultdict(list)
        wanted = select(Enrolment).where(
            Enrolment.user_id.in_([user.id for user in users]), Enrolment.status == EnrolmentStatus.ACTIVE
        )
        for enrolment in session.scalars(wanted.order_by(Enrolment.enrolled_at)):
            self._owned[enrolment.user_id].append(enrolment)

    def owns(self, user: User, slug: str) -> Enrolment | None:
        """Return the user's newest enrolment in a package."""
        found = [row for row in self._owned[user.id] if row.package_id == self._packages[slug].id]
        return found[-1] if found else None

    def open_for(
        self, user: User, counsellor: Counsellor, *, asked: dt.datetime, until: dt.datetime
    ) -> Enrolment | None:
        """Return what had a credit for this counsellor at ``asked`` and lasts beyond ``until``."""
        for enrolment in self._owned[user.id]:
            lasts = enrolment.enrolled_at <= asked and until < enrolment.expires_at
            if enrolment.sessions_left and lasts and self._allows(enrolment, counsellor):
                return enrolment
        return None

    def _allows(self, enrolment: Enrolment, counsellor: Counsellor) -> bool:
        if enrolment.assigned_counsellor_id is not None:
            return enrolment.assigned_counsellor_id == counsellor.id
        team = self._teams.get(enrolment.package_id or 0, set())
        return not team or counsellor.id in team

    def next_in(self, plan: Sequence[str], user: User, counsellor: Counsellor) -> str | None:
        """Return the package of ``plan`` to buy for a session with this counsellor, None if none has them."""
        fitting = [slug for slug in plan if not self._team(slug) or counsellor.id in self._team(slug)]
        return next((slug for slug in fitting if self.owns(user, slug) is None), fitting[0] if fitting else None)

    def _team(self, slug: str) -> set[int]:
        return self._teams[self._packages[slug].id]

    def minutes(self, slug: str) -> int:
        """Return the length of a package's sessions."""
        return self._packages[slug].session_minutes

    def buy(self, user: User, slug: str, at: dt.datetime, assigned: Counsellor | None = None) -> Enrolment:
        """Add an enrolment bought at ``at`` at the package's selling price."""
        package = self._packages[slug]
        enrolment = Enrolment(
            user_id=user.id,
            package_id=package.id,
            title=package.name,
            status=EnrolmentStatus.ACTIVE,
            source=EnrolmentSource.PURCHASE,
            sessions_total=package.max_sessions,
            sessions_used=0,
            session_minutes=package.session_minutes,
            amount_paid=package.selling_price,
            enrolled_at=at,
            expires_at=expiry(at, package.validity_days),
            assigned_counsellor_id=assigned.id if assigned else None,
            created_at=at,
        )
        package.total_enrolments = (package.total_enrolments or 0) + 1
        self._session.add(enrolment)
        self._owned[user.id].append(enrolment)
        return enrolment

    def close_ended(self, now: dt.datetime) -> None:
        """Mark what ran out as expired."""
        for owned in self._owned.values():
            for enrolment in owned:
                if enrolment.expires_at <= now:
                    enrolment.status = EnrolmentStatus.EXPIRED
