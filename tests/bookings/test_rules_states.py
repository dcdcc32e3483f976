"""The session's state machine and its guards of time."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.bookings.rules import (
    LIVE,
    TERMINAL,
    TRANSITIONS,
    IllegalTransition,
    SessionEvent,
    SessionStatus,
    allowed_events,
    has_lapsed,
    may_accept,
    may_cancel,
    may_complete,
    may_mark_no_show,
    next_status,
)

START = dt.datetime(2026, 12, 12, 5, 0, tzinfo=dt.UTC)
TICK = dt.timedelta(microseconds=1)

EXPECTED = {
    "held": {
        "confirm_hold_request": "requested",
        "confirm_hold_schedule": "scheduled",
        "release": "expired",
    },
    "requested": {
        "accept": "scheduled",
        "decline": "declined",
        "expire": "expired",
        "cancel": "cancelled",
    },
    "scheduled": {
        "complete": "completed",
        "mark_no_show": "no_show",
        "cancel": "cancelled",
        "reschedule": "rescheduled",
    },
}


@pytest.mark.parametrize("status", SessionStatus)
@pytest.mark.parametrize("event", SessionEvent)
def test_every_pair_is_as_the_product_says(status: SessionStatus, event: SessionEvent) -> None:
    expected = EXPECTED.get(status.value, {}).get(event.value)
    assert (event in allowed_events(status)) == (expected is not None)
    if expected is not None:
        assert next_status(status, event) is SessionStatus(expected)
        return
    with pytest.raises(IllegalTransition) as caught:
        next_status(status, event)
    assert (caught.value.status, caught.value.event) == (status, event)
    assert str(caught.value) == f"{event.value} is not possible for a session that is {status.value}"


def test_live_and_terminal_split_the_states() -> None:
    assert {status.value for status in LIVE} == {"held", "requested", "scheduled"}
    assert set(SessionStatus) == LIVE | TERMINAL
    assert not LIVE & TERMINAL
    assert all(not allowed_events(status) for status in TERMINAL)
    assert all(allowed_events(status) for status in LIVE)


@given(st.lists(st.sampled_from(SessionEvent), max_size=12))
def test_no_walk_leaves_a_terminal_state_or_comes_back(events: list[SessionEvent]) -> None:
    status, seen = SessionStatus.HELD, [SessionStatus.HELD]
    for event in events:
        try:
            status = next_status(status, event)
        except IllegalTransition:
            continue
        assert seen[-1] in LIVE
        assert status not in seen
        seen.append(status)


def test_scheduled_is_reached_only_from_a_hold_or_a_request() -> None:
    origins = {origin for (origin, _), target in TRANSITIONS.items() if target is SessionStatus.SCHEDULED}
    assert origins == {SessionStatus.HELD, SessionStatus.REQUESTED}


def test_at_any_moment_a_session_is_either_cancellable_or_completable() -> None:
    for now, started in ((START - TICK, False), (START, True), (START + TICK, True)):
        assert may_complete(START, now) is started
        assert may_mark_no_show(START, now) is started
        assert may_cancel(START, now) is not started


def test_an_answer_comes_before_expiry_and_before_the_start() -> None:
    expires = START - dt.timedelta(hours=3)
    assert may_accept(START, expires, expires - TICK)
    assert not may_accept(START, expires, expires)
    assert not may_accept(START, START + TICK, START)
    assert has_lapsed(expires, expires)
    assert not has_lapsed(expires, expires - TICK)
