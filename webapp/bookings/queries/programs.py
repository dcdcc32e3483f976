"""Sessions for the JSON door: lists with its filters, and all that one answer says of a session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Integer, and_, cast, extract, func, or_, select

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession, NextStep
from webapp.bookings.permissions import Part, part_of, visible_link
from webapp.bookings.queries.life import Recording, recordings
from webapp.bookings.queries.sessions import get_session_for, is_live, loaded_session
from webapp.bookings.rules import SessionStatus, has_lapsed
from webapp.bookings.rules.topics import split_topics
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import Page, paginate
from webapp.core.times import midnight, zone_info
from webapp.counsellors.models import Counsellor

S = CounsellingSession
DAY = dt.timedelta(days=1)
TALLIED = (
    SessionStatus.REQUESTED, SessionStatus.SCHEDULED, SessionStatus.COMPLETED, SessionStatus.CANCELLED,
    SessionStatus.DECLINED, SessionStatus.EXPIRED, SessionStatus.NO_SHOW, SessionStatus.RESCHEDULED,
)  # fmt: skip
ENDED_FOR_A_REASON = (SessionStatus.CANCELLED, SessionStatus.DECLINED)


@dataclass(frozen=True, slots=True)
class SessionWish:
    """What a list shows. ``span``: past, upcoming, thisWeek or thisMonth (days of ``zone``)."""

    zone: str
    status: SessionStatus | None = None
    upcoming: bool | None = None
    span: str | None = None


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as one reader may see it."""

    session: CounsellingSession
    part: Part | None
    status: SessionStatus
    meeting_link: str | None
    next_steps: list[str] = field(default_factory=list)
    recording: Recording | None = None
    rescheduled_from: str | None = None
    rescheduled_to: str | None = None

    @property
    def scheduled_date(self) -> dt.datetime:
        """The start."""
        return self.session.starts_at

    @property
    def agenda(self) -> str:
        """What the student wants to talk about, in short."""
        return split_topics(self.session.agenda)[0]

    @property
    def description(self) -> str:
        """And at length."""
        return split_topics(self.session.agenda)[1]

    @property
    def meeting_platform(self) -> str | None:
        """Whose the link is, for who may see the link."""
        return self.session.meeting_platform if self.meeting_link else None

    @property
    def respond_by(self) -> dt.datetime | None:
        """When an open request lapses."""
        return self.session.expires_at if self.status is SessionStatus.REQUESTED else None

    @property
    def cancel_reason(self) -> str | None:
        """Why it did not take place."""
        return self.session.reason if self.status in ENDED_FOR_A_REASON else None

    @property
    def reschedule_reason(self) -> str | None:
        """Why it was moved."""
        return self.session.reason if self.status is SessionStatus.RESCHEDULED else None

    @property
    def private_notes(self) -> str | None:
        """Notes for staff."""
        return None if self.part is Part.STUDENT else self.session.private_notes

    @property
    def recording_link(self) -> str | None:
        """Where the recording is, while it may be seen."""
        return self.recording.link if self.recording else None

    @property
    def recording_expires_at(self) -> dt.datetime | None:
        """Until when."""
        return self.recording.expires_at if self.recording else None

    @property
    def recording_downloadable(self) -> bool | None:
        """Whether it may be kept."""
        return self.recording.downloadable if self.recording else None

    @property
    def own_notes(self) -> str | None:
        """The student's own notes."""
        return self.session.student_notes if self.part is Part.STUDENT else None


@dataclass(frozen=True, slots=True)
class SessionTally:
    """Sessions of a person in numbers; a moved one counts as what carries on, besides under ``rescheduled``."""

    total: int
    past: int
    upcoming: int
    requested: int
    scheduled: int
    completed: int
    cancelled: int
    declined: int
    expired: int
    no_show: int
    rescheduled: int
    total_minutes: int


def taking_part(user: User) -> ColumnElement[bool]:
    """Return the condition of a session in which ``user`` is the student or the counsellor."""
    own = select(Counsellor.id).where(Counsellor.user_id == user.id)
    return or_(S.student_id == user.id, S.counsellor_id.in_(own))


def of_counsellor(counsellor: Counsellor) -> ColumnElement[bool]:
    """Return the condition of a counsellor's session."""
    return S.counsellor_id == counsellor.id


def sessions_page(
    whose: ColumnElement[bool], wish: SessionWish, *, reader: User, page: int, limit: int, now: dt.datetime
) -> Page[SessionView]:
    """Return one page, what comes first, else the latest first; six statements at most."""
    query, ahead = loaded_session().where(whose), _upcoming(now)
    if wish.status is not None:
        query = query.where(_stands(wish.status, now))
    upcoming = wish.upcoming if wish.span not in ("past", "upcoming") else wish.span == "upcoming"
    if upcoming is not None:
        query = query.where(ahead if upcoming else ~ahead)
    if wish.upcoming is not None and upcoming is not wish.upcoming:
        query = query.where(ahead if wish.upcoming else ~ahead)
    if wish.span in ("thisWeek", "thisMonth"):
        first, after = _span(wish.span, wish.zone, now)
        query = query.where(S.starts_at >= first, S.starts_at < after)
    order = (S.starts_at, S.id) if upcoming else (S.starts_at.desc(), S.id.desc())
    found = paginate(db.session(), query.order_by(*order), page=page, limit=limit)
    return Page(dressed(found.items, reader, now), found.total, found.page, found.limit)


def session_view(reader: User, public_id: str, now: dt.datetime) -> SessionView:
    """Return one session to its student, its counsellor or an admin; NotFound for others. Five statements at most."""
    return dressed([get_session_for(reader, public_id)], reader, now)[0]


def latest_session(user: User, now: dt.datetime) -> SessionView:
    """Return the session that ``user`` has part in and that was asked for last; NotFound if there is none."""
    wanted = loaded_session().where(taking_part(user)).order_by(S.requested_at.desc(), S.id.desc()).limit(1)
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound("There is no session yet.")
    return dressed([found], user, now)[0]


def dressed(sessions: Sequence[CounsellingSession], reader: User, now: dt.datetime) -> list[SessionView]:
    """Put beside loaded sessions what lies in other rows; four statements for any number of them."""
    if not sessions:
        return []
    steps, films = _steps(sessions), recordings([one for one in sessions if now >= one.starts_at], now)
    before, after = _moves(sessions)
    return [
        SessionView(
            one,
            part_of(reader, one),
            _shown_status(one, now),
            visible_link(reader, one),
            steps.get(one.id, []),
            films.get(one.id),
            before.get(one.rescheduled_from_id or 0),
            after.get(one.id),
        )
        for one in sessions
    ]


def tally_of_sessions(user: User, now: dt.datetime) -> SessionTally:
    """Return the numbers of a person's sessions; one statement."""
    takes_place = S.status.in_((SessionStatus.SCHEDULED, SessionStatus.COMPLETED, SessionStatus.NO_SHOW))
    done = S.status == SessionStatus.COMPLETED
    seconds = func.sum(extract("epoch", S.ends_at - S.starts_at)).filter(done)
    counted = [
        S.status != SessionStatus.RESCHEDULED,
        and_(takes_place, S.ends_at <= now),
        _upcoming(now),
        *(_stands(status, now) for status in TALLIED),
    ]
    row = db.session.execute(
        select(*(func.count().filter(one) for one in counted), cast(func.coalesce(seconds, 0) / 60, Integer)).where(
            taking_part(user), S.status != SessionStatus.HELD
        )
    ).one()
    return SessionTally(*(int(value) for value in row))


def _upcoming(now: dt.datetime) -> ColumnElement[bool]:
    return and_(is_live(now), S.ends_at > now)


def _stands(status: SessionStatus, now: dt.datetime) -> ColumnElement[bool]:
    """A request whose time is over counts as expired, whether or not a sweep came by."""
    lapsed = and_(S.status == SessionStatus.REQUESTED, S.expires_at <= now)
    if status is SessionStatus.REQUESTED:
        return and_(S.status == status, S.expires_at > now)
    return or_(S.status == status, lapsed) if status is SessionStatus.EXPIRED else S.status == status


def _shown_status(session: CounsellingSession, now: dt.datetime) -> SessionStatus:
    waits = session.status is SessionStatus.REQUESTED and session.expires_at is not None
    return SessionStatus.EXPIRED if waits and has_lapsed(session.expires_at or now, now) else session.status


def _span(word: str, zone: str, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """First instants of this week (or month) and of the next, on the calendar of ``zone``."""
    today = now.astimezone(zone_info(zone)).date()
    if word == "thisWeek":
        first = today - today.weekday() * DAY
        return midnight(first, zone), midnight(first + 7 * DAY, zone)
    first = today.replace(day=1)
    return midnight(first, zone), midnight((first + 31 * DAY).replace(day=1), zone)


def _steps(sessions: Sequence[CounsellingSession]) -> dict[int, list[str]]:
    wanted = (
        select(NextStep.session_id, NextStep.text)
        .where(NextStep.session_id.in_([one.id for one in sessions]))
        .order_by(NextStep.position, NextStep.id)
    )
    found: dict[int, list[str]] = {}
    for session_id, text in db.session.execute(wanted):
        found.setdefault(session_id, []).append(text)
    return found


def _moves(sessions: Sequence[CounsellingSession]) -> tuple[dict[int, str], dict[int, str]]:
    """Public ids: of what sessions were before they were moved, and by the id of a moved one of what carries on."""
    ids = [one.id for one in sessions]
    former = [one.rescheduled_from_id for one in sessions if one.rescheduled_from_id is not None]
    wanted = select(S.id, S.public_id, S.rescheduled_from_id).where(
        or_(S.id.in_(former), S.rescheduled_from_id.in_(ids))
    )
    rows = db.session.execute(wanted).all()
    return {row[0]: row[1] for row in rows}, {row[2]: row[1] for row in rows if row[2] is not None}
