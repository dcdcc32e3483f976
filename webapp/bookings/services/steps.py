"""Next steps: written by the counsellor in an order, ticked off by the student."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession, NextStep
from webapp.bookings.queries.sessions import get_session_for
from webapp.bookings.services.locks import announce
from webapp.core.db import db, lock_for_update
from webapp.core.errors import NotFound, ValidationFailed

STEP_LIMIT = 300
MOST_STEPS = 20


@dataclass(frozen=True, slots=True)
class StepText:
    """A step as it is written; ``key`` is the public id of one that is there already."""

    text: str
    key: str = ""


def write_steps(session: CounsellingSession, steps: Sequence[StepText]) -> None:
    """Make these the steps of a locked session, in this order; known ones keep their tick, empty ones go.

    Raises:
        ValidationFailed: one of more than 300 characters, or more than 20 of them.
    """
    wanted = [StepText(" ".join(one.text.replace("\x00", "").split()), one.key) for one in steps]
    wanted = [one for one in wanted if one.text]
    if any(len(one.text) > STEP_LIMIT for one in wanted):
        raise ValidationFailed(fields={"next_steps": f"Keep each step within {STEP_LIMIT} characters."})
    if len(wanted) > MOST_STEPS:
        raise ValidationFailed(fields={"next_steps": f"At most {MOST_STEPS} steps; {len(wanted)} are too many to do."})
    mine = select(NextStep).where(NextStep.session_id == session.id)
    known = {one.public_id: one for one in db.session.scalars(mine).all()}
    for position, one in enumerate(wanted):
        row = known.pop(one.key, None)
        if row is None:
            db.session.add(NextStep(session_id=session.id, position=position, text=one.text))
        else:
            row.position, row.text = position, one.text
    for row in known.values():
        db.session.delete(row)
    db.session.flush()  # the list is read anew from the database
    db.session.expire(session, ["next_steps"])


def tick_step(*, actor: User, step_id: str, done: bool, now: dt.datetime) -> CounsellingSession:
    """Tick one of one's own next steps off, or take the tick back; return its session.

    Raises:
        NotFound: no such step of this student.
    """
    found = db.session.execute(
        select(NextStep.id, CounsellingSession.public_id)
        .join(CounsellingSession, CounsellingSession.id == NextStep.session_id)
        .where(NextStep.public_id == step_id, CounsellingSession.student_id == actor.id)
    ).one_or_none()
    if found is None:
        raise NotFound
    row: NextStep | None = lock_for_update(db.session(), NextStep, found.id)
    if row is None:
        raise NotFound
    if done is not (row.done_at is not None):
        row.done_at = now if done else None
    session = get_session_for(actor, found.public_id)
    announce(session)
    return session
