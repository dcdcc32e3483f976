"""Saving the draft: one use-case, with the question about affected sessions asked under the lock."""

from __future__ import annotations

import datetime as dt

from webapp.accounts.models import User
from webapp.availability.services import Terms, save_availability
from webapp.bookings.models import CounsellingSession
from webapp.counsellors.models import Counsellor
from webapp.dashboards.availability.changes import change_of
from webapp.dashboards.availability.forms import Draft
from webapp.dashboards.availability.impact import Affected, Choice, affected_by, require_choices
from webapp.dashboards.availability.preview import Hours
from webapp.dashboards.availability.reading import Saved, load_saved


def save_draft(
    *, actor: User, counsellor: Counsellor, draft: Draft, terms: Terms, saved: Saved, hours: Hours, now: dt.datetime
) -> list[CounsellingSession]:
    """Save a draft that is in order and return the sessions to offer another time for.

    A session booked between the warning and this save is found here, because bookings wait for
    the same lock.

    Raises:
        CalendarChanged: somebody else saved since the page was opened.
        ChoiceNeeded: a session falls outside and nothing was chosen for it.
        ValidationFailed, NotFound: see `save_availability`.
    """
    affected: list[Affected] = []

    def confirm() -> None:
        stored = load_saved(counsellor, now)
        before = Hours(stored.terms.rules, stored.windows, stored.records)
        affected.extend(affected_by(counsellor, hours, before, draft.choices, now))
        require_choices(affected)

    save_availability(
        actor=actor,
        counsellor=counsellor,
        change=change_of(draft, saved, terms),
        version=draft.version,
        now=now,
        confirm=confirm,
    )
    return [item.session for item in affected if item.choice == Choice.OFFER]
