"""Where booking begins: with which package, with whom, or who is free on a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.models import Role
from webapp.accounts.viewer import viewer, viewer_zone
from webapp.availability.rules import local_date
from webapp.bookings.picker_url import PickerQuery, PickerUrls, read_query
from webapp.bookings.presenters import TimeOption, TimeState
from webapp.bookings.queries import free_on_date, soonest_free
from webapp.bookings.queries.articles import find_article
from webapp.bookings.selling import Article
from webapp.bookings.views.blueprint import blueprint
from webapp.bookings.views.layouts import layout_for_viewer
from webapp.core.access import allow
from webapp.core.errors import NotFound
from webapp.core.htmx import render
from webapp.core.pagination import Page, read_page
from webapp.core.replicas import may_lag
from webapp.core.times import format_date, format_minute
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import in_order, list_counsellors
from webapp.counsellors.rules import CounsellorFilter
from webapp.enrolments.models import Enrolment
from webapp.enrolments.queries import counsellors_for, usable_enrolments
from webapp.packages.queries import counsellors_of

DAY = dt.timedelta(days=1)
AHEAD = 365 * DAY
PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Free:
    """A counsellor with the times that are free, or (without a date) the soonest one."""

    counsellor: Counsellor
    url: str
    times: tuple[TimeOption, ...] = ()
    soonest: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class ChoosePage:
    """What the page reads. ``date`` None: everybody with their soonest time."""

    query: PickerQuery
    enrolments: Sequence[Enrolment]
    enrolment: Enrolment | None
    article: Article | None
    found: Page[Free]
    date: dt.date | None
    today: dt.date
    last: dt.date
    path: str

    @property
    def zone(self) -> str:
        """The zone of all times here."""
        return self.query.zone

    @property
    def title(self) -> str:
        """The chosen date: "Sat, 12 Dec 2026"."""
        return format_date(self.date) if self.date else ""

    def at(self, **asked: object) -> str:
        """An address of this page with some of its parts changed; None takes a part out."""
        parts: dict[str, object | None] = {
            "enrolment": self.query.enrolment,
            "package": self.article.package.slug if self.article and self.article.package else None,
            "date": self.date.isoformat() if self.date else None,
            "zone": self.zone if self.zone != self.query.own_zone else None,
            **asked,
        }
        found = urlencode({name: value for name, value in parts.items() if value})
        return f"{self.path}?{found}" if found else self.path

    def url_for_page(self, number: int) -> str:
        """Another page of the same list."""
        return self.at(page=number)

    def day(self, step: int) -> str | None:
        """The day before or after, None where nobody books."""
        if self.date is None or not self.today <= self.date + step * DAY <= self.last:
            return None
        return self.at(date=(self.date + step * DAY).isoformat())


@blueprint.get("/book")
@allow("public")
@may_lag
def choose() -> BaseResponse:
    """Choose package and counsellor; ``date`` shows who is free on that day with their times.

    ``package`` (a slug) is what a first time is chosen for before it is bought. With one enrolment and an
    assigned counsellor there is nothing to choose: straight on to the picker.
    """
    query = read_query(request.args, own_zone=viewer_zone())
    article = None if query.enrolment else find_article(package=query.package)
    mine = usable_enrolments(viewer().id, g.now) if _is_student() and article is None else []
    enrolment = _chosen(mine, query.enrolment)
    assigned = enrolment.assigned_counsellor if enrolment and (len(mine) == 1 or query.enrolment) else None
    if assigned is not None and assigned.is_active and query.date is None and not query.problems:
        return redirect(_picker(assigned, query, enrolment).here())
    page = _gather(query, mine, enrolment, article)
    return render(
        "bookings/choose.html",
        "bookings/_choose.html",
        status=422 if page.query.problems else 200,
        view=page,
        is_student=_is_student(),
        layout=layout_for_viewer(),
    )


def _is_student() -> bool:
    return bool(current_user.is_authenticated and current_user.role is Role.STUDENT)


def _chosen(mine: Sequence[Enrolment], public_id: str) -> Enrolment | None:
    if not public_id:
        return mine[0] if mine else None
    found = next((one for one in mine if one.public_id == public_id), None)
    if found is None:
        raise NotFound("This package is not yours, or it has no sessions left to book.")
    return found


def _gather(
    query: PickerQuery, mine: Sequence[Enrolment], enrolment: Enrolment | None, article: Article | None
) -> ChoosePage:
    today = local_date(g.now, query.zone)
    date = query.date if query.date and today <= query.date <= today + AHEAD else None
    if query.date and date is None:
        words = "That day is over." if query.date < today else "That day is too far ahead."
        query = replace(query, problems=(f"{words} Choose another one.",))
    number = read_page(request.args.get("page"))
    wanted = _Wanted.of(enrolment, article)
    found = _on_date(date, query, wanted, number) if date else _soonest(query, wanted, number)
    return ChoosePage(
        query=query,
        enrolments=mine,
        enrolment=enrolment,
        article=article,
        found=found,
        date=date,
        today=today,
        last=today + AHEAD,
        path=url_for("bookings.choose"),
    )


def _picker(counsellor: Counsellor, query: PickerQuery, enrolment: Enrolment | None) -> PickerUrls:
    """The links into one counsellor's picker, carrying package and zone along."""
    known = replace(query, enrolment=enrolment.public_id if enrolment else "", month=None, date=None, at=None)
    return PickerUrls(f"{url_for('bookings.choose')}/{counsellor.public_id}", known)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Who may be booked (None: everybody), for how many minutes, until when, with what."""

    people: Sequence[Counsellor] | None
    minutes: int | None
    ends: dt.datetime | None
    enrolment: Enrolment | None

    @classmethod
    def of(cls, enrolment: Enrolment | None, article: Article | None) -> _Wanted:
        if article is not None and article.package is not None:
            return cls(counsellors_of(article.package), article.minutes, article.ends(g.now), None)
        if enrolment is not None:
            return cls(counsellors_for(enrolment), enrolment.session_minutes, enrolment.expires_at, enrolment)
        return cls(None, None, None, None)

    def named(self, ids: Sequence[int]) -> Sequence[Counsellor]:
        """Return these of them, in the order of the ids; a statement only where nobody was read before."""
        if self.people is None:
            return in_order(ids)
        known = {one.id: one for one in self.people}
        return [known[one] for one in ids]


def _on_date(date: dt.date, query: PickerQuery, wanted: _Wanted, number: int) -> Page[Free]:
    """Who is free on the date: the earliest first."""
    free = free_on_date(
        date,
        zone=query.zone,
        duration=wanted.minutes,
        student_id=viewer().id if _is_student() else None,
        now=g.now,
        counsellor_ids=[one.id for one in wanted.people] if wanted.people is not None else None,
        expires_at=wanted.ends,
    )
    shown = dict(free[(number - 1) * PER_PAGE : number * PER_PAGE])
    items = []
    for counsellor in wanted.named(list(shown)):
        starts = shown[counsellor.id]
        urls = _picker(counsellor, query, wanted.enrolment)
        times = tuple(TimeOption(at, format_minute(at, query.zone), TimeState.PLAIN, urls.time(at)) for at in starts)
        items.append(Free(counsellor, urls.day(date), times))
    return Page(items=items, total=len(free), page=number, limit=PER_PAGE)


def _soonest(query: PickerQuery, wanted: _Wanted, number: int) -> Page[Free]:
    """Everybody who may be booked, each with the soonest free time."""
    people = wanted.people if wanted.people is not None else in_order(list_counsellors(CounsellorFilter()))
    shown = people[(number - 1) * PER_PAGE : number * PER_PAGE]
    soonest = soonest_free([one.id for one in shown], now=g.now, duration=wanted.minutes)
    items = [Free(one, _picker(one, query, wanted.enrolment).here(), soonest=soonest.get(one.id)) for one in shown]
    return Page(items=items, total=len(people), page=number, limit=PER_PAGE)
