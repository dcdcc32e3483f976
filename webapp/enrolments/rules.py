"""Pure rules of enrolments: how long one lasts and how it stands. Source: product.md "Credits"."""

from __future__ import annotations

import datetime as dt

from webapp.enrolments.models import Enrolment, EnrolmentStatus

SERVICE_DAYS = 180  # how long a single session may wait for its time
SERVICE_DAYS_AFTER = 30  # and, where its time was bought with it, how long after that
WARNING_DAYS = (14, 3)


def expiry(enrolled_at: dt.datetime, validity_days: int) -> dt.datetime:
    """When a package bought at ``enrolled_at`` ends: whole days of 24 hours later."""
    return enrolled_at + dt.timedelta(days=validity_days)


def service_expiry(enrolled_at: dt.datetime, wanted: dt.datetime | None) -> dt.datetime:
    """When a single session ends: 180 days later, or 30 days after the time bought with it, whichever is later."""
    ends = expiry(enrolled_at, SERVICE_DAYS)
    return ends if wanted is None else max(ends, expiry(wanted, SERVICE_DAYS_AFTER))


def warning_due(enrolled_at: dt.datetime, expires_at: dt.datetime, now: dt.datetime) -> int | None:
    """Which warning is due at ``now``: 14 or 3 (days before the end), None outside.

    Later than 3 days before only the nearer one is left. What was bought for less time than a warning
    looks ahead gets none of that kind: the buyer has just been told.
    """
    if now >= expires_at:
        return None
    reached = [days for days in WARNING_DAYS if now >= expiry(expires_at, -days)]
    if not reached:
        return None
    nearest = min(reached)
    return nearest if enrolled_at < expiry(expires_at, -nearest) else None


def status_at(enrolment: Enrolment, now: dt.datetime) -> EnrolmentStatus:
    """The status to show: an active one whose time is over is expired, whatever the row still says."""
    if enrolment.status is EnrolmentStatus.ACTIVE and enrolment.expires_at <= now:
        return EnrolmentStatus.EXPIRED
    return enrolment.status


def covers(enrolment: Enrolment, start: dt.datetime, now: dt.datetime) -> bool:
    """Whether it may book a session that starts at ``start``: usable now, and the start before its end."""
    return enrolment.is_usable(now) and start < enrolment.expires_at
