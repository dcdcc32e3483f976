"""The counsellor's home: today on a line, who is next, what waits for an answer."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, g

from webapp.accounts.viewer import viewer, viewer_zone
from webapp.bookings.queries import AgendaRow
from webapp.bookings.rules import SessionStatus, join_open, join_opens
from webapp.bookings.session_cards import Join, time_left
from webapp.core.access import allow
from webapp.core.errors import NotFound
from webapp.core.htmx import render
from webapp.core.times import format_day, zone_info, zone_label
from webapp.counsellors.queries import counsellor_of, is_applicant
from webapp.dashboards.counsellor import brief
from webapp.dashboards.counsellor.dayline import day_line
from webapp.dashboards.counsellor.queries import CounsellorHome, read_home
from webapp.dashboards.words import counted, when_soon
from webapp.notifications.presenters import lines_of
from webapp.notifications.queries import latest_notes

blueprint = Blueprint("counsellor", __name__)
brief.register(blueprint)
SOON = dt.timedelta(minutes=60)
PAGE, PART, NO_PROFILE = (f"dashboards/counsellor/{name}.html" for name in ("home", "_today", "no_profile"))


@blueprint.get("/counsellor")
@allow("counsellor")
def home() -> Response:
    """Show today; after an answer to a request htmx fetches the agenda again."""
    me, zone = viewer(), viewer_zone()
    try:
        counsellor = counsellor_of(me)
    except NotFound:
        return render(NO_PROFILE)
    if is_applicant(counsellor):
        return render(NO_PROFILE, counsellor=counsellor)
    data = read_home(counsellor, zone, g.now)
    return render(
        PAGE,
        PART,
        counsellor=counsellor,
        home=data,
        requests=data.requests,
        title=_title(g.now, zone),
        lead=_lead(data),
        line=day_line(data.today, data.hours, zone=zone, now=g.now),
        zone_name=zone_label(g.now, zone),
        next=data.next,
        next_soon=data.next is not None and data.next.starts_at - g.now <= SOON,
        next_when=when_soon(data.next.starts_at, g.now, zone) if data.next else "",
        joins=_joins(data),
        left_of={row.id: time_left(row.expires_at, g.now) for row in data.today if row.expires_at},
        latest=lines_of(latest_notes(me.id), now=g.now, zone=zone),
        tomorrow_day=format_day(data.days[1], zone),
    )


def _title(now: dt.datetime, zone: str) -> str:
    local = now.astimezone(zone_info(zone))
    return f"{local:%A}, {local.day} {local:%B}"


def _lead(data: CounsellorHome) -> str:
    done, ahead = data.done_today, data.to_go_today
    if not done and not ahead:
        return "No sessions today."
    if not ahead:
        return f"All {counted(done, 'session')} of today done." if done > 1 else "Today’s session is done."
    return f"{counted(done, 'session')} done, {ahead} to go." if done else f"{counted(ahead, 'session')} today."


def _joins(data: CounsellorHome) -> dict[int, Join]:
    """The join buttons of today and of the next session, by session."""
    rows = [*data.today, *([data.next] if data.next else [])]
    found = {row.id: _join(row, data.now) for row in rows}
    return {key: join for key, join in found.items() if join is not None}


def _join(row: AgendaRow, now: dt.datetime) -> Join | None:
    """The join button of a confirmed session that has not ended: it is the counsellor's own, who may see its link."""
    if row.meeting_link is None or row.status is not SessionStatus.SCHEDULED or now >= row.ends_at:
        return None
    return Join(row.meeting_link, join_opens(row.starts_at), join_open(row.starts_at, row.ends_at, now))
