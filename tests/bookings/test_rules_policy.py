"""Deadlines, credits and the join window."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.bookings.rules import (
    LIVE,
    IllegalTransition,
    SessionEvent,
    SessionStatus,
    can_debit,
    can_return,
    cancel_deadline,
    credit_returns,
    credits_left,
    hold_expiry,
    join_open,
    join_opens,
    may_reschedule,
    next_status,
    ordinal,
    request_expiry,
    session_ordinal,
)

START = dt.datetime(2026, 12, 12, 5, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
TICK = dt.timedelta(microseconds=1)
STAFF = ("counsellor", "admin", "system")


@pytest.mark.parametrize(
    ("asked_before", "expires_before"),
    [
        (48 * HOUR, 3 * HOUR),
        (4 * HOUR, 3 * HOUR),
        (3 * HOUR + MINUTE, 2 * HOUR + MINUTE),  # never a minute to answer: an hour
        (3 * HOUR, 2 * HOUR),
        (2 * HOUR, HOUR),
        (HOUR, 0 * HOUR),
        (30 * MINUTE, 0 * HOUR),
        (0 * HOUR, 0 * HOUR),
    ],
)
def test_when_a_request_expires(asked_before: dt.timedelta, expires_before: dt.timedelta) -> None:
    assert request_expiry(START, START - asked_before) == START - expires_before


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_asking_later_never_expires_earlier_nor_before_the_question(one: int, other: int) -> None:
    earlier, later = (START - dt.timedelta(seconds=n) for n in (max(one, other), min(one, other)))
    assert request_expiry(START, earlier) <= request_expiry(START, later) <= START
    assert request_expiry(START, earlier) >= min(earlier + HOUR, START)


def test_a_hold_lasts_ten_minutes() -> None:
    assert hold_expiry(START) == START + 10 * MINUTE


def test_the_deadline_itself_still_gives_the_credit_back() -> None:
    deadline = cancel_deadline(START, 24)
    assert deadline == START - dt.timedelta(days=1)
    assert credit_returns(SessionEvent.CANCEL, "student", START, deadline)
    assert not credit_returns(SessionEvent.CANCEL, "student", START, deadline + TICK)
    assert credit_returns(SessionEvent.CANCEL, "student", START, deadline + TICK, deadline_hours=23)
    assert credit_returns(SessionEvent.CANCEL, "student", START, START - TICK, deadline_hours=0)


@pytest.mark.parametrize("role", ["student", *STAFF])
@pytest.mark.parametrize("event", SessionEvent)
def test_late_only_these_give_a_credit_back(event: SessionEvent, role: str) -> None:
    by_staff = event is SessionEvent.CANCEL and role in STAFF
    expected = event in (SessionEvent.DECLINE, SessionEvent.EXPIRE) or by_staff
    assert credit_returns(event, role, START, START - TICK) is expected


def test_a_student_moves_a_session_until_the_deadline_staff_until_the_start() -> None:
    deadline = cancel_deadline(START)
    assert may_reschedule("student", START, deadline)
    assert not may_reschedule("student", START, deadline + TICK)
    for role in STAFF:
        assert may_reschedule(role, START, START - TICK)
        assert not may_reschedule(role, START, START)
    assert not may_reschedule("student", START, START, deadline_hours=0)


def test_an_unknown_role_is_a_fault() -> None:
    with pytest.raises(ValueError, match="parent"):
        credit_returns(SessionEvent.CANCEL, "parent", START, START)
    with pytest.raises(ValueError, match="parent"):
        may_reschedule("parent", START, START - TICK)


@given(st.integers(-5, 20), st.integers(-5, 20))
def test_credits_are_counted_between_zero_and_the_total(total: int, used: int) -> None:
    if not 0 <= used <= total:
        with pytest.raises(ValueError, match="credits used"):
            credits_left(total, used)
        return
    assert 0 <= credits_left(total, used) <= total
    assert can_debit(total, used) is (used < total)
    assert can_return(total, used) is (used > 0)


EVENTS = [event for event in SessionEvent if not event.startswith("confirm")]
STEPS = st.one_of(
    st.just(None), st.tuples(st.integers(0, 7), st.sampled_from(EVENTS), st.sampled_from(["student", *STAFF]))
)


@given(st.integers(0, 3), st.lists(st.tuples(STEPS, st.integers(0, 72)), max_size=40))
@settings(max_examples=300, deadline=None)
def test_random_bookings_never_break_the_count(total: int, steps: list[tuple[object, int]]) -> None:
    used, sessions = 0, list[SessionStatus]()
    carried = 0  # how many were closed with their credit kept used
    for step, hours in steps:
        if step is None:
            if can_debit(total, used):
                used += 1
                sessions.append(SessionStatus.REQUESTED)
        elif isinstance(step, tuple) and step[0] < len(sessions):
            index, event, role = step
            try:
                after = next_status(sessions[index], event)
            except IllegalTransition:
                continue
            sessions[index] = after
            if credit_returns(event, role, START, START - hours * HOUR):
                assert can_return(total, used)
                used -= 1
            elif after is SessionStatus.RESCHEDULED:
                sessions.append(SessionStatus.SCHEDULED)
            elif after not in LIVE:
                carried += 1
        assert 0 <= credits_left(total, used) <= total
        assert used == carried + sum(status in LIVE for status in sessions)


def test_join_shows_from_ten_minutes_before_until_the_end() -> None:
    opens, end = join_opens(START), START + 45 * MINUTE
    assert opens == START - 10 * MINUTE
    assert [join_open(START, end, now) for now in (opens - TICK, opens, START, end - TICK, end)] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_ordinals() -> None:
    numbers = (1, 2, 3, 4, 10, 11, 12, 13, 20, 21, 22, 23, 101, 111, 112, 122)
    words = "1st 2nd 3rd 4th 10th 11th 12th 13th 20th 21st 22nd 23rd 101st 111th 112th 122nd"
    assert " ".join(ordinal(number) for number in numbers) == words
    assert session_ordinal(3, 6) == "3rd of 6"


@pytest.mark.parametrize("before", [48 * HOUR, 24 * HOUR, HOUR, TICK, 0 * HOUR, -HOUR])
def test_another_time_asked_for_waives_the_students_deadline(before: dt.timedelta) -> None:
    now = START - before
    assert may_reschedule("student", START, now, waived=True) is (now < START)
    assert credit_returns(SessionEvent.CANCEL, "student", START, now, waived=True)
    for event in (SessionEvent.MARK_NO_SHOW, SessionEvent.RESCHEDULE, SessionEvent.COMPLETE):
        assert not credit_returns(event, "student", START, now, waived=True)
