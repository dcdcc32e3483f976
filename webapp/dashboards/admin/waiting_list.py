"""The rows of "waiting for you", read and put in their order: a fixed number of statements."""

from __future__ import annotations

import datetime as dt

from webapp.core.times import DEFAULT_ZONE, zone_info
from webapp.counsellors.queries import waiting_applications
from webapp.dashboards.admin import queries, waiting
from webapp.dashboards.admin.money import money_rows
from webapp.inquiries.queries import lead_stats, overdue_follow_ups, unanswered
from webapp.notifications.models import DeliveryStatus
from webapp.payments.queries import money_waiting
from webapp.reviews.queries import count_waiting, reviews_to_read
from webapp.webhooks.queries import endpoints_in_trouble

LEADS_SHOWN = 4
APPLICATIONS_SHOWN = 3
REVIEWS_SHOWN = 3


def waiting_rows(
    zone: str,
    now: dt.datetime,
    *,
    days: list[queries.CounsellorDay] | None = None,
    mails: dict[DeliveryStatus, int] | None = None,
) -> list[waiting.Waiting]:
    """Return what waits, what runs out first at the top; ``days`` and ``mails`` where they are read already."""
    days = queries.counsellor_days(zone, now) if days is None else days
    mails = queries.mail_counts(now) if mails is None else mails
    today = now.astimezone(zone_info(DEFAULT_ZONE)).date()
    overdue, late, leads = overdue_follow_ups(today, LEADS_SHOWN), unanswered(now, LEADS_SHOWN), lead_stats(now)
    return [
        *waiting.request_rows(queries.requests_running_out(now), zone, now),
        *waiting.link_rows(queries.sessions_without_link(now), zone, now),
        *money_rows(money_waiting(now), now),
        *waiting.lead_rows(overdue, late, now),
        *waiting.more_lead_rows(leads.follow_ups_late - len(overdue), leads.unanswered_late - len(late)),
        *waiting.review_rows(reviews_to_read(REVIEWS_SHOWN), count_waiting(), now),
        *waiting.mail_rows(mails.get(DeliveryStatus.FAILED, 0)),
        *waiting.hook_rows(endpoints_in_trouble(now)),
        *waiting.application_rows(waiting_applications(APPLICATIONS_SHOWN), now),
        *waiting.closed_rows(days),
        *waiting.unbooked_rows(queries.bought_but_unbooked(now), now),
        *waiting.verify_rows(queries.unverified_students(now), now),
    ]
