"""What is left of held sessions: when they really began and ended, notes, next steps, and some recordings."""

from __future__ import annotations

import datetime as dt
from zlib import crc32

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.bookings.models import CounsellingSession, MeetingMode, NextStep, SessionChange
from webapp.bookings.rules import SessionStatus
from webapp.demo.seed.diary import DAY, MARK, TRIED_BY
from webapp.demo.seed.minutes import minutes_of

RECORDED_FOR = 30 * DAY
RECORDINGS = "https://recordings.demo.test"
EVERY_RECORDED = 3  # of the others' video sessions; the demo student's are all recorded
FIRST_TICK, NEXT_TICK, LAST_TICK = 3 * DAY, 7 * DAY, 28 * DAY  # after the session


def write_up(session: Session, now: dt.datetime) -> list[CounsellingSession]:
    """Write up the seeded sessions that were held and not written up yet; return them, the earliest first."""
    seeded = select(SessionChange.session_id).where(SessionChange.detail.has_key(MARK))
    wanted = select(CounsellingSession).where(
        CounsellingSession.id.in_(seeded),
        CounsellingSession.status == SessionStatus.COMPLETED,
        CounsellingSession.finished_at.is_(None),
    )
    rows = list(session.scalars(wanted.order_by(CounsellingSession.starts_at, CounsellingSession.id)))
    for row in rows:
        _write(session, row, now)
    session.flush()  # what is told of them reads it
    return rows


def _write(session: Session, row: CounsellingSession, now: dt.datetime) -> None:
    words, chance = minutes_of(row.agenda), crc32(row.agenda.encode() + row.starts_at.isoformat().encode())
    end = min(row.ends_at + dt.timedelta(minutes=chance % 9 - 3), now)
    row.started_at = min(row.starts_at + dt.timedelta(minutes=chance % 4), end)
    row.finished_at, row.remind_at = end, None
    row.shared_notes, row.private_notes = words.shared, words.private
    session.add_all(
        NextStep(session_id=row.id, position=position, text=text, done_at=_ticked(end, position, len(words.steps), now))
        for position, text in enumerate(words.steps)
    )
    tried = row.student.email == TRIED_BY
    if row.meeting_mode is MeetingMode.VIDEO and (tried or chance % EVERY_RECORDED == 0):
        row.recording_link = f"{RECORDINGS}/{row.public_id}"
        row.recording_expires_at = end + RECORDED_FOR
        row.recording_downloadable = chance % 2 == 0


def _ticked(end: dt.datetime, position: int, steps: int, now: dt.datetime) -> dt.datetime | None:
    """When a step was ticked off: one after the other over the days, the last only weeks later."""
    pause = LAST_TICK if position == steps - 1 else FIRST_TICK + position * NEXT_TICK
    done = end + pause + dt.timedelta(hours=3)
    return done if done < now else None
