"""Who looks at a picker to move a session: what confirming will do, in words, and whether it is possible."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import g, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.models import User
from webapp.accounts.viewer import viewer
from webapp.availability.rules import BookingMode
from webapp.bookings.models import CounsellingSession
from webapp.bookings.panel import Action, PanelKind, short_name, short_when
from webapp.bookings.permissions import MoveKind, Part, move_kind, part_of
from webapp.bookings.queries import CalendarData, deadline_hours_of, get_session_for
from webapp.bookings.queries.moves import without_session
from webapp.bookings.rules import SessionEvent, SessionStatus, cancel_deadline, credit_returns, request_expiry
from webapp.bookings.views.blueprint import blueprint
from webapp.bookings.views.offer import Offer
from webapp.core.access import allow
from webapp.core.errors import InvalidState, NotFound
from webapp.core.htmx import see_other
from webapp.core.times import format_when
from webapp.counsellors.models import Counsellor

SAFE = "Nothing has changed: the session stays at its time."
Line = tuple[str, str]  # icon, sentence


@dataclass(frozen=True, slots=True)
class Moving:
    """A session on its way to another time, as its mover sees it. ``hours`` is the student's deadline."""

    session: CounsellingSession
    kind: MoveKind
    part: Part
    hours: int
    returns: bool

    @property
    def by_staff(self) -> bool:
        """Whether the counsellor or an admin moves it."""
        return self.part is not Part.STUDENT

    @property
    def rebooks(self) -> bool:
        """Whether it is cancelled and booked anew, because it cannot be moved."""
        return self.kind is MoveKind.REBOOK

    @property
    def reader(self) -> str:
        """Who reads the reason."""
        return self.session.student.first_name if self.by_staff else short_name(self.session.counsellor.name)

    def adapt(self, data: CalendarData) -> CalendarData:
        """Return the calendars with this session's own time free."""
        return without_session(data, self.session, by_staff=self.by_staff)

    def was(self, zone: str) -> str:
        """The time it has now: "Sat, 12 Dec 2026, 10:30 AM IST"."""
        return format_when(self.session.starts_at, zone)

    def button(self, mode: BookingMode) -> str:
        """What the last button says."""
        return "Request new time" if self.rebooks and mode is BookingMode.APPROVAL else "Confirm new time"

    def lines(self, at: dt.datetime | None, mode: BookingMode, zone: str, now: dt.datetime) -> list[Line]:
        """What confirming means: credit, deadline, answer, mail."""
        asks = self.rebooks and mode is BookingMode.APPROVAL
        found = [self._credit(), *([self._deadline(at, zone, now)] if not self.by_staff else [])]
        if asks:
            by = f" by {short_when(request_expiry(at, now), zone)}" if at else ""
            found.append(("hourglass", f"{self.reader} answers{by}. Without an answer the session comes back"))
        who = f"{self.session.student.first_name} and the counsellor get" if self.by_staff else "Both of you get"
        entry = "" if asks else " with the new calendar entry" if self.rebooks else " that moves the calendar entry"
        found.append(("mail", f"{who} a mail{entry}"))
        return found

    def _credit(self) -> Line:
        if not self.rebooks:
            return "ticket", "Moving uses no session"
        what = "request" if self.session.status is SessionStatus.REQUESTED else "session"
        if self.returns:
            return "ticket", f"Your {what} is taken back and the new time uses the same session of your package"
        return (
            "alert-triangle",
            f"It is less than {self.hours} h before the start: the old session stays used, the new time uses another",
        )

    def _deadline(self, at: dt.datetime | None, zone: str, now: dt.datetime) -> Line:
        if at is None:
            return "calendar-x", f"Free to move or cancel again until {self.hours} h before the start"
        deadline = cancel_deadline(at, self.hours)
        if deadline < now:
            return (
                "calendar-x",
                f"Inside {self.hours} h: it cannot be moved again, and cancelling keeps the session used",
            )
        return "calendar-x", f"Free to move or cancel again until {short_when(deadline, zone)}"


@blueprint.get("/sessions/<public_id>/move")
@allow("signed_in")
def move(public_id: str) -> BaseResponse:
    """Lead to the picker that moves this session: the address that mails carry. Changes nothing."""
    session = get_session_for(viewer(), public_id)
    find_moving(viewer(), public_id, g.now)
    return see_other(url_for("bookings.pick", public_id=session.counsellor.public_id, move=public_id))


def find_moving(user: User, session_id: str, now: dt.datetime) -> Moving:
    """Return what ``user`` can do to give a session another time.

    Raises:
        NotFound: no such session, or not theirs. InvalidState: its time cannot be changed (any more).
    """
    session = get_session_for(user, session_id)
    part, hours = part_of(user, session), deadline_hours_of(session.counsellor_id)
    if part is None:
        raise NotFound
    kind = move_kind(user, session, hours, now)
    if kind is None:
        raise InvalidState("This session can't be moved any more.")
    waived = session.move_offered_at is not None
    returns = credit_returns(SessionEvent.CANCEL, part.value, session.starts_at, now, hours, waived=waived)
    return Moving(session, kind, part, hours, returns)


def offer_for_move(counsellor: Counsellor, moving: Moving) -> Offer:
    """Return the picker's offer for a move; NotFound when the address names another counsellor.

    Who would need another session and has none left is told so instead of being shown a form.
    """
    session, enrolment = moving.session, moving.session.enrolment
    if session.counsellor_id != counsellor.id:
        raise NotFound
    spent = moving.rebooks and not moving.returns and (enrolment is None or enrolment.sessions_left < 1)
    page = url_for("bookings.detail", public_id=session.public_id)
    return Offer(
        counsellor,
        PanelKind.PACKAGE if spent else PanelKind.FORM,
        session.student_id,
        enrolment,
        heading="Moving is over for this one",
        words=f"It is less than {moving.hours} h before the start, and no other session is left to book with.",
        actions=lambda _here: [Action("Back to the session", page), Action("See packages", url_for("public.packages"))],
        moving=moving,
    )
