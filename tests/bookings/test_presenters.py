"""Month grid, list of times, panel and addresses of the picker: pure, from free starts."""

from __future__ import annotations

import datetime as dt

import pytest

from webapp.availability.rules import BookingMode
from webapp.bookings.panel import lost_words, short_name, terms
from webapp.bookings.picker_url import (
    PickerQuery,
    PickerUrls,
    read_date,
    read_instant,
    read_month,
    read_query,
    write_instant,
)
from webapp.bookings.presenters import (
    DayCell,
    MonthGrid,
    TimeState,
    counted,
    day_list,
    grid_span,
    month_after,
    month_grid,
    near_options,
)
from webapp.bookings.rules import Blocker, BlockerKind, group_by_day

IST = "Asia/Kolkata"
DECEMBER = dt.date(2026, 12, 1)
TODAY = dt.date(2026, 12, 9)
TEN = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)  # 10:00 AM IST
HALF = dt.timedelta(minutes=30)
NOW = dt.datetime(2026, 12, 9, 4, 0, tzinfo=dt.UTC)


def urls(zone: str = IST, **asked: object) -> PickerUrls:
    return PickerUrls("/book/counsellor_x", PickerQuery(zone=zone, own_zone=IST, **asked))  # type: ignore[arg-type]


def grid(starts: list[dt.datetime], **changed: object) -> MonthGrid:
    wanted: dict[str, object] = {
        "days": group_by_day(starts, IST),
        "chosen": None,
        "today": TODAY,
        "last": dt.date(2027, 3, 9),
        "mine": frozenset(),
        "urls": urls(),
        **changed,
    }
    return month_grid(DECEMBER, **wanted)  # type: ignore[arg-type]


def cell(month: MonthGrid, number: int) -> DayCell:
    return next(day for week in month.weeks for day in week if day.number == number and "out" not in day.classes)


# ── addresses ──


def test_every_part_of_an_address_is_read() -> None:
    asked = {"enrolment": "enroll_1", "zone": "Europe/London", "month": "2026-12", "at": "2026-12-12T05:00Z"}
    query = read_query(asked, own_zone=IST)
    assert query.enrolment == "enroll_1"
    assert query.zone == "Europe/London"
    assert query.month == DECEMBER
    assert query.at == dt.datetime(2026, 12, 12, 5, 0, tzinfo=dt.UTC)
    assert query.day == dt.date(2026, 12, 12)
    assert query.problems == ()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("zone", "Mars/Olympus", "We do not know the time zone “Mars/Olympus”"),
        ("month", "2026-13", "“2026-13” is not a month"),
        ("month", "december", "“december” is not a month"),
        ("date", "2026-02-30", "“2026-02-30” is not a date"),
        ("date", "12/12/2026", "is not a date"),
        ("date", "9999-12-31", "is not a date"),
        ("date", "٢٠٢٦-١٢-١٢", "is not a date"),
        ("at", "2026-12-12T25:00Z", "is not a time"),
        ("at", "2026-12-12T10:30", "is not a time"),
        ("at", "0001-01-01T00:00Z", "is not a time"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, value: str, words: str) -> None:
    query = read_query({name: value}, own_zone=IST)
    assert len(query.problems) == 1
    assert words in query.problems[0]
    assert (query.zone, query.month, query.date, query.at) == (IST, None, None, None)


def test_an_instant_survives_its_address() -> None:
    assert read_instant(write_instant(TEN)) == TEN
    assert write_instant(TEN) == "2026-12-12T04:30Z"
    odd = TEN.replace(second=30)
    assert read_instant(write_instant(odd)) == odd
    assert read_instant("2026-12-12T04:30:00+00:00") == TEN


def test_months_and_dates_are_strict() -> None:
    assert read_month("2026-12") == DECEMBER
    assert read_month("2026-1") is None
    assert read_date("2026-12-12 ") is None
    assert read_date("") is None


def test_links_carry_enrolment_and_foreign_zone_only() -> None:
    plain = urls(enrolment="enroll_1")
    assert plain.day(dt.date(2026, 12, 12)) == "/book/counsellor_x?date=2026-12-12&enrolment=enroll_1"
    assert plain.time(TEN) == "/book/counsellor_x?at=2026-12-12T04:30Z&enrolment=enroll_1"
    away = urls("America/New_York")
    assert away.month(DECEMBER) == "/book/counsellor_x?month=2026-12&zone=America%2FNew_York"
    assert urls().here() == "/book/counsellor_x"


def test_here_is_what_was_asked_for() -> None:
    assert urls(at=TEN).here().endswith("?at=2026-12-12T04:30Z")
    assert urls(date=dt.date(2026, 12, 12)).here().endswith("?date=2026-12-12")
    assert urls(at=TEN, date=dt.date(2026, 12, 14)).here().endswith("?date=2026-12-14")
    assert urls(month=DECEMBER).here().endswith("?month=2026-12")


# ── month ──


def test_a_month_is_whole_weeks_from_monday() -> None:
    month = grid([])
    assert month.title == "December 2026"
    assert [len(week) for week in month.weeks] == [7, 7, 7, 7, 7]
    assert (month.weeks[0][0].number, month.weeks[-1][-1].number) == (30, 3)
    assert grid_span(dt.date(2027, 2, 1)) == (dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    assert month_after(dt.date(2026, 12, 1)) == dt.date(2027, 1, 1)


def test_a_day_says_how_many_times_are_free() -> None:
    six = [TEN + HALF * n for n in range(6)]
    month = grid(six, chosen=dt.date(2026, 12, 12))
    day = cell(month, 12)
    assert day.spoken == "Saturday 12 December, 6 times free"
    assert day.classes == "day"
    assert day.chosen
    assert day.href == "/book/counsellor_x?date=2026-12-12"


def test_few_none_today_and_mine_show() -> None:
    month = grid([TEN, TEN + HALF], mine=frozenset({dt.date(2026, 12, 12)}))
    assert cell(month, 12).classes == "day few mine"
    assert cell(month, 12).spoken == "Saturday 12 December, 2 times free, you have a session"
    assert cell(month, 9).classes == "day none today"
    assert cell(month, 9).spoken == "Wednesday 9 December, today, no time free"
    assert cell(month, 9).href is None
    assert counted(1) == "1 time free"


def test_a_day_of_the_next_month_can_be_chosen_from_the_grid() -> None:
    month = grid([dt.datetime(2027, 1, 1, 5, 0, tzinfo=dt.UTC)])
    assert month.weeks[-1][4].classes == "day few out"
    assert month.weeks[-1][4].href == "/book/counsellor_x?date=2027-01-01"


@pytest.mark.parametrize(
    ("month", "prev", "next_"),
    [
        (dt.date(2026, 12, 1), False, True),
        (dt.date(2027, 1, 1), True, True),
        (dt.date(2027, 3, 1), True, False),
        (dt.date(2026, 11, 1), False, True),
    ],
)
def test_months_without_hope_have_no_link(month: dt.date, prev: bool, next_: bool) -> None:
    shown = month_grid(
        month, days={}, chosen=None, today=TODAY, last=dt.date(2027, 3, 9), mine=frozenset(), urls=urls()
    )
    assert (shown.prev.href is not None, shown.next.href is not None) == (prev, next_)
    assert shown.prev.label.endswith("nothing free") is not prev


# ── times ──


def test_times_stand_under_their_part_of_the_day() -> None:
    evening = TEN + dt.timedelta(hours=8)
    shown = day_list(dt.date(2026, 12, 12), [TEN, TEN + HALF, evening], zone=IST, chosen=TEN + HALF, urls=urls())
    assert shown.title == "Sat, 12 Dec 2026"
    assert (shown.count, shown.zone) == ("3 times free", "IST")
    assert [part.name for part in shown.parts] == ["Morning", "Evening"]
    first, chosen = shown.parts[0].times
    assert (first.label, first.state, first.value) == ("10:00 AM", TimeState.PLAIN, "2026-12-12T04:30Z")
    assert (chosen.label, chosen.state) == ("10:30 AM", TimeState.CHOSEN)


def test_a_lost_time_is_struck_through_at_its_place() -> None:
    lost, near = TEN + HALF, TEN + 2 * HALF
    shown = day_list(dt.date(2026, 12, 12), [TEN, near], zone=IST, chosen=None, lost=lost, near=[near], urls=urls())
    assert [(one.label, one.state, one.href is None) for one in shown.parts[0].times] == [
        ("10:00 AM", "", False),
        ("10:30 AM", "gone", True),
        ("11:00 AM", "near", False),
    ]
    assert shown.count == "2 times free"


def test_a_lost_time_of_another_day_is_not_in_the_list() -> None:
    shown = day_list(dt.date(2026, 12, 14), [], zone=IST, chosen=None, lost=TEN, urls=urls())
    assert shown.parts == ()


def test_times_that_the_clock_shows_twice_say_their_zone() -> None:
    zone = "America/New_York"
    first = dt.datetime(2026, 11, 1, 5, 30, tzinfo=dt.UTC)
    shown = day_list(dt.date(2026, 11, 1), [first, first + 2 * HALF], zone=zone, chosen=None, urls=urls(zone))
    assert [one.label for one in shown.parts[0].times] == ["1:30 AM EDT", "1:30 AM EST"]
    assert shown.zone == "EDT and EST"


def test_alternatives_of_another_day_name_it() -> None:
    options = near_options([TEN, TEN + dt.timedelta(days=1)], date=dt.date(2026, 12, 12), zone=IST, urls=urls())
    assert [one.label for one in options] == ["10:00 AM", "Sun, 13 Dec, 10:00 AM"]


# ── panel ──


def test_terms_name_deadline_and_credits() -> None:
    found = terms(TEN, mode=BookingMode.INSTANT, hours=24, total=6, left=4, title="JEE Complete", now=NOW)
    assert found.button == "Confirm session"
    assert found.deadline == TEN - dt.timedelta(hours=24)
    assert (found.left_after, found.total) == (3, 6)
    assert found.answer_by is None


def test_inside_the_deadline_there_is_none_to_name() -> None:
    found = terms(
        TEN, mode=BookingMode.APPROVAL, hours=24, total=1, left=1, title="One hour", now=TEN - dt.timedelta(hours=5)
    )
    assert found.deadline is None
    assert found.button == "Request session"
    assert found.answer_by == TEN - dt.timedelta(hours=3)


def test_without_a_time_the_terms_are_general() -> None:
    found = terms(None, mode=BookingMode.APPROVAL, hours=48, total=2, left=2, title="Two", now=NOW)
    assert (found.deadline, found.answer_by, found.hours) == (None, None, 48)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (BlockerKind.SESSION, "10:00 AM was taken just now."),
        (BlockerKind.HOLD, "10:00 AM was taken just now."),
        (BlockerKind.BUFFER, "10:00 AM was taken just now."),
        (BlockerKind.PAST, "10:00 AM on Sat, 12 Dec has passed."),
        (BlockerKind.OWN, "You already have a session at 10:00 AM."),
        (BlockerKind.STEP, "10:00 AM cannot be booked. Why not."),
    ],
)
def test_a_lost_time_says_why(kind: BlockerKind, words: str) -> None:
    assert lost_words(TEN, Blocker(kind, "Why not."), IST) == words


def test_nobody_elses_session_is_told() -> None:
    blocker = Blocker(BlockerKind.SESSION, "A session is booked for 10:00 – 10:30 AM IST.")
    assert "booked for" not in lost_words(TEN, blocker, IST)


@pytest.mark.parametrize(
    ("name", "short"), [("Dr. Meera Krishnan", "Dr. Meera"), ("Harpreet Gill", "Harpreet"), ("Ravi", "Ravi")]
)
def test_a_counsellor_is_called_as_students_do(name: str, short: str) -> None:
    assert short_name(name) == short
