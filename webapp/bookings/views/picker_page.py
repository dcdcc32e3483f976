"""Gathers what the picker shows: counsellor, who may book with what, free times, the panel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from webapp.availability.rules import BookingMode, local_date
from webapp.bookings.panel import KEEP, SAFE, UNPAID, Panel, PanelKind, Sale, Terms, lost_words, short_name, terms
from webapp.bookings.picker_url import WITH, PickerQuery, PickerUrls, write_instant
from webapp.bookings.presenters import DayList, MonthGrid, day_list, month_grid, near_options
from webapp.bookings.queries import CalendarData, house_deadline_hours, house_hold_minutes
from webapp.bookings.rules import nearest
from webapp.bookings.selling import Article
from webapp.bookings.views import moving
from webapp.bookings.views.live import live_key
from webapp.bookings.views.moving import Moving
from webapp.bookings.views.offer import Offer
from webapp.bookings.views.picker_times import Times, read_times
from webapp.core import live
from webapp.core.times import format_day, zone_choices
from webapp.core.urls import path_of
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment

DAY = dt.timedelta(days=1)
BEFORE, AFTER = 7 * DAY, 14 * DAY  # alternatives to a lost time are looked for so near
LOST = "lost"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a booking was not made: the sentence, and free times instead of a lost one."""

    words: str
    near: Sequence[dt.datetime] = ()
    lost: bool = True


@dataclass(frozen=True, slots=True)
class PickerPage:
    """What the picker's templates read."""

    counsellor: Counsellor
    query: PickerQuery
    urls: PickerUrls
    enrolment: Enrolment | None
    article: Article | None
    minutes: int
    asks: bool
    month: MonthGrid
    day: DayList | None
    panel: Panel
    zones: Sequence[tuple[str, str]]
    live_url: str
    others_url: str
    nothing_free: str
    typed: bool
    untouched: bool
    focus_panel: bool
    refreshing: bool
    was_lost: bool
    moving: Moving | None
    move_lines: Sequence[tuple[str, str]]
    button: str

    @property
    def panel_changed(self) -> bool:
        """Whether a refresh touches the panel: its time went, or came back."""
        return self.refreshing and (self.panel.lost or self.was_lost)

    @property
    def zone(self) -> str:
        """The zone all times are shown in."""
        return self.query.zone

    @property
    def problems(self) -> Sequence[str]:
        """What could not be read in the URL."""
        return self.query.problems

    @property
    def path(self) -> str:
        """The picker's address without any choice."""
        return self.urls.path

    @property
    def here(self) -> str:
        """This state's own address."""
        return self.urls.here()

    @property
    def refresh_url(self) -> str:
        """Where an open picker fetches itself anew; it says so when its chosen time is shown as lost."""
        if not self.panel.lost or self.panel.at is None:
            return self.here
        url = self.urls.time(self.panel.at)
        return f"{url}{'&' if '?' in url else '?'}was={LOST}"

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """What the zone's form carries along."""
        query = self.query
        pairs = {
            **{name: getattr(query, name) for name in WITH},
            "move": query.move,
            "month": f"{query.month:%Y-%m}" if query.month else "",
            "date": query.date.isoformat() if query.date else "",
            "at": write_instant(query.at) if query.at else "",
        }
        return tuple((name, value) for name, value in pairs.items() if value)

    @property
    def who_key(self) -> tuple[object, ...]:
        """Everything the counsellor's column shows."""
        who, mine, article = self.counsellor, self.enrolment, self.article
        return (
            *(who.id, who.name, who.title, who.photo, who.rating, who.review_count, who.experience),
            *(tuple(who.qualifications), tuple(who.languages), self.minutes, self.asks, self.others_url, self.zone),
            mine and (mine.title, mine.sessions_total, mine.sessions_left, mine.expires_at),
            article and (article.title, article.price, article.sessions, article.minutes),
        )

    @property
    def fields_key(self) -> tuple[object, ...]:
        """Everything that stands between the chosen time and the button while nothing is typed."""
        panel = self.panel
        return (
            panel.terms,
            panel.sale,
            panel.at is not None and not panel.lost,
            self.counsellor_short,
            self.asks,
            self.zone,
        )

    @property
    def tone(self) -> int:
        """The counsellor's colour."""
        return self.counsellor.id % 5 + 1

    @property
    def counsellor_short(self) -> str:
        """The counsellor as a student says it."""
        return short_name(self.counsellor.name)

    @property
    def headline(self) -> str:
        """The window's title when something needs attention."""
        return self.panel.notice.rstrip(".")

    @property
    def intro(self) -> str:
        """The sentence under the heading."""
        if self.moving is not None:
            who = self.moving.session.student.name if self.moving.by_staff else self.counsellor.name
            return f"{who}, now on {self.moving.was(self.zone)}. Nothing moves until you confirm."
        act = "nothing is booked until you confirm" if self.panel.writes else "every time here is free right now"
        if self.article is not None:
            act = "we keep it while you pay"
        return f"{self.minutes} minutes by video or phone. Choose a day, then a time; {act}."

    @property
    def speak_times(self) -> bool:
        """Whether the number of free times is spoken: after a choice of day, not at every silent refresh."""
        return not self.refreshing and self.panel.at is None


def build_page(
    offer: Offer,
    query: PickerQuery,
    *,
    now: dt.datetime,
    refusal: Refusal | None = None,
    form_filled: bool = False,
    focus_panel: bool = False,
    refreshing: bool = False,
    was_lost: bool = False,
) -> PickerPage:
    """Gather the picker; one statement for all times, and the version that its watcher compares with."""
    counsellor = offer.counsellor
    urls = PickerUrls(path_of("bookings.pick", public_id=counsellor.public_id), query)
    key = live.version(live_key(counsellor.public_id))  # before the times: what changes meanwhile is seen later
    times = read_times(offer, query, now)
    lost = times.blocker is not None or (refusal is not None and refusal.lost)
    near = _near(times, query, refusal) if lost else ()
    chosen = query.at if not lost else None
    day = times.day
    return PickerPage(
        counsellor=counsellor,
        query=query,
        urls=urls,
        enrolment=offer.enrolment if offer.article is None else None,
        article=offer.article,
        minutes=times.minutes,
        asks=times.data.rules.mode is BookingMode.APPROVAL,
        month=month_grid(
            times.month,
            days=times.days,
            chosen=day,
            today=times.today,
            last=times.last,
            mine=_own_days(offer, times, query.zone),
            urls=urls,
        ),
        day=day_list(
            day,
            times.days.get(day, ()),
            zone=query.zone,
            chosen=chosen,
            lost=query.at if lost else None,
            near=near,
            urls=urls,
        )
        if day is not None
        else None,
        panel=_panel(offer, query, times, refusal, near=near, urls=urls, refreshing=refreshing, now=now),
        zones=_zones(now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0), query.zone),
        live_url=f"{path_of('bookings.live', public_id=counsellor.public_id)}?v={key}",
        others_url=offer.others_url,
        nothing_free=_nothing_free(times, query),
        typed=form_filled and lost,
        untouched=not form_filled,
        focus_panel=focus_panel,
        refreshing=refreshing,
        was_lost=was_lost,
        moving=offer.moving,
        move_lines=_move_lines(offer, chosen, times, query.zone, now),
        button=_button(offer, times),
    )


@lru_cache(maxsize=256)
def _zones(quarter: dt.datetime, zone: str) -> tuple[tuple[str, str], ...]:
    """The zones to choose from; clocks change at quarters of an hour."""
    return tuple(zone_choices(quarter, zone))


def _own_days(offer: Offer, times: Times, zone: str) -> frozenset[dt.date]:
    """The days on which the viewer has a session; a counsellor who moves one is not told of the student's others."""
    if offer.moving is not None and offer.moving.by_staff:
        return frozenset()
    return frozenset(local_date(own.start, zone) for own in times.data.own)


def _move_lines(
    offer: Offer, at: dt.datetime | None, times: Times, zone: str, now: dt.datetime
) -> Sequence[tuple[str, str]]:
    return offer.moving.lines(at, times.data.rules.mode, zone, now) if offer.moving else ()


def _button(offer: Offer, times: Times) -> str:
    asks = times.data.rules.mode is BookingMode.APPROVAL
    if offer.moving is not None:
        return offer.moving.button(times.data.rules.mode)
    if offer.kind is PanelKind.BUY:
        return KEEP
    return "Request session" if asks else "Confirm session"


def _near(times: Times, query: PickerQuery, refusal: Refusal | None) -> Sequence[dt.datetime]:
    if refusal is not None and refusal.near:
        return refusal.near
    if query.at is None:
        return ()
    wanted = max(query.at, times.now)
    date = min(local_date(wanted, times.data.rules.zone), times.last)
    return nearest(times.free(date - BEFORE, date + AFTER), wanted)


def _nothing_free(times: Times, query: PickerQuery) -> str:
    if times.soonest is None:
        return f"Nothing is free up to {format_day(times.last)}. New times appear here by themselves."
    return f"Nothing is free in {times.month:%B}. The next free day is {format_day(times.soonest, query.zone)}."


def _panel(
    offer: Offer,
    query: PickerQuery,
    times: Times,
    refusal: Refusal | None,
    *,
    near: Sequence[dt.datetime],
    urls: PickerUrls,
    refreshing: bool,
    now: dt.datetime,
) -> Panel:
    words, reassurance, lost = "", "", False
    safe = UNPAID if offer.kind is PanelKind.BUY else SAFE
    safe = safe if offer.moving is None else moving.SAFE
    if times.blocker is not None and query.at is not None:
        words, lost = lost_words(query.at, times.blocker, query.zone), True
        reassurance = safe if refusal is not None or refreshing else ""
    elif refusal is not None:
        words, reassurance, lost = refusal.words, safe, refusal.lost
    return Panel(
        kind=offer.kind,
        zone=query.zone,
        minutes=times.minutes,
        at=query.at,
        lost=lost,
        notice=words,
        reassurance=reassurance,
        near=near_options(near, date=query.day, zone=query.zone, urls=urls),
        terms=_terms(offer, query.at if not lost else None, times.data, now),
        sale=_sale(offer, query, urls),
        heading=offer.heading,
        words=offer.words,
        actions=offer.actions(urls.here()),
    )


def _terms(offer: Offer, at: dt.datetime | None, data: CalendarData, now: dt.datetime) -> Terms | None:
    mode, hours = data.rules.mode, house_deadline_hours() if data.deadline_hours is None else data.deadline_hours
    if offer.kind is PanelKind.BUY and offer.article is not None:
        number, title = offer.article.sessions, offer.article.title
        return terms(at, mode=mode, hours=hours, total=number, left=number, title=title, now=now)
    if offer.kind is not PanelKind.FORM or offer.enrolment is None:
        return None
    return terms(
        at,
        mode=mode,
        hours=hours,
        total=offer.enrolment.sessions_total,
        left=offer.enrolment.sessions_left,
        title=offer.enrolment.title,
        now=now,
    )


def _sale(offer: Offer, query: PickerQuery, urls: PickerUrls) -> Sale | None:
    article, mine = offer.article, offer.enrolment
    if offer.kind is not PanelKind.BUY or article is None:
        return None
    with_mine = replace(query, enrolment=mine.public_id, package="", service="") if mine else None
    return Sale(
        title=article.title,
        price=article.price,
        sessions=article.sessions,
        minutes=article.minutes,
        kept_minutes=house_hold_minutes(),
        mine_url=PickerUrls(urls.path, with_mine).here() if with_mine else "",
        mine_left=mine.sessions_left if mine else 0,
    )
