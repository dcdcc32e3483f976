"""Lists that pages put together: an admin's search of sessions, and the requests that wait, as cards."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Select, select

from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.agenda import requests_of_counsellor
from webapp.bookings.queries.sessions import loaded_session, session_numbers
from webapp.bookings.rules import SessionStatus
from webapp.bookings.session_cards import RequestCard, request_cards
from webapp.core.db import db
from webapp.core.pagination import DEFAULT_LIMIT, Page, paginate
from webapp.core.times import zone_info
from webapp.counsellors.models import Counsellor

S = CounsellingSession


def waiting_requests(counsellor_id: int, now: dt.datetime) -> list[RequestCard]:
    """Return the requests that wait for a counsellor, the soonest to lapse first, as cards; two statements."""
    requests = requests_of_counsellor(counsellor_id, now)
    return request_cards(requests, session_numbers(requests), now)


def counsellor_names() -> list[tuple[str, str]]:
    """Return (public id, name) of all counsellors, active or not, by name: an admin's filter; one statement."""
    rows = db.session.execute(select(Counsellor.public_id, Counsellor.name).order_by(Counsellor.name, Counsellor.id))
    return [(public_id, name) for public_id, name in rows]


def search_sessions(
    *,
    status: SessionStatus | None = None,
    date: dt.date | None = None,
    zone: str,
    counsellor_id: str = "",
    page: int = 1,
    limit: int = DEFAULT_LIMIT,
) -> Page[CounsellingSession]:
    """Return one page of everybody's sessions, the latest first; two statements.

    ``date`` is a day of ``zone``; ``counsellor_id`` a public id.
    """
    wanted = searched_sessions(status=status, date=date, zone=zone, counsellor_id=counsellor_id)
    return paginate(db.session(), wanted, page=page, limit=limit)


def searched_sessions(
    *, status: SessionStatus | None, date: dt.date | None, zone: str, counsellor_id: str
) -> Select[CounsellingSession]:
    """Return the query of `search_sessions`, for its page and its file."""
    wanted = loaded_session().order_by(S.starts_at.desc(), S.id.desc())
    if status is not None:
        wanted = wanted.where(S.status == status)
    if date is not None:
        midnight = dt.datetime.combine(date, dt.time(), zone_info(zone))
        after = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), zone_info(zone))
        wanted = wanted.where(S.starts_at >= midnight, S.starts_at < after)
    if counsellor_id:
        wanted = wanted.where(S.counsellor.has(Counsellor.public_id == counsellor_id))
    return wanted
