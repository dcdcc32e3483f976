from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy.orm import Session

from tests.factories import NOW
from webapp.core import limits
from webapp.core.limits import Verdict, address_key, hit

pytestmark = pytest.mark.usefixtures("db_session")
SECOND = dt.timedelta(seconds=1)
START = dt.datetime(2026, 12, 9, 4, 0, tzinfo=dt.UTC)  # a bucket of ten minutes begins here
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _fresh_counts(app: Flask) -> Iterator[None]:
    yield
    app.extensions.pop("local_limits", None)


@pytest.fixture
def away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Take Redis away; the list counts how often it was asked."""
    asked: list[int] = []

    def refuse(*_args: object) -> None:
        asked.append(1)
        raise RedisAway

    del app
    monkeypatch.setattr(Redis, "eval", refuse)
    return asked


@pytest.fixture(params=["redis", "alone"])
def either(request: pytest.FixtureRequest, app: Flask) -> str:
    """Run with Redis and without."""
    del app
    if request.param == "alone":
        request.getfixturevalue("away")
    return f"key{next(_numbers)}"


def test_so_many_and_no_more(either: str) -> None:
    verdicts = [hit(either, 3, 600, now=START + number * SECOND) for number in range(5)]
    assert [one.allowed for one in verdicts] == [True, True, True, False, False]
    assert [one.remaining for one in verdicts] == [2, 1, 0, 0, 0]
    assert verdicts[0].retry_after == 0
    assert hit("somebody else", 3, 600, now=START).allowed
    assert hit(either, 3, 60, now=START).allowed  # another window counts for itself


def test_the_window_slides(either: str) -> None:
    for _ in range(4):
        assert hit(either, 4, 600, now=START + 599 * SECOND).allowed
    full = hit(either, 4, 600, now=START + 600 * SECOND)
    assert not full.allowed  # a new bucket, and the window still holds all of the one before
    assert full.retry_after == 150
    assert not hit(either, 4, 600, now=START + 749 * SECOND).allowed
    assert hit(either, 4, 600, now=START + 750 * SECOND).allowed
    assert hit(either, 4, 600, now=START + 1800 * SECOND) == Verdict(True, 4, 3, 0, 1200, 600)


@settings(max_examples=25, deadline=None)
@given(
    limit=st.integers(1, 6),
    window=st.sampled_from([1, 10, 600]),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=25),
)
def test_whoever_waits_as_told_gets_in(app: Flask, limit: int, window: int, pauses: list[float]) -> None:
    key, at = f"key{next(_numbers)}", START
    with app.app_context():
        for pause in pauses:
            at += dt.timedelta(seconds=pause * window / 4)
            verdict = hit(key, limit, window, now=at)
            assert 0 <= verdict.remaining < limit or not verdict.allowed
            if not verdict.allowed:
                at += dt.timedelta(seconds=verdict.retry_after)
                assert hit(key, limit, window, now=at).allowed


@settings(max_examples=25, deadline=None)
@given(
    limit=st.integers(1, 6),
    window=st.sampled_from([10, 600]),
    pauses=st.lists(st.floats(0, 0.5), min_size=10, max_size=40),
)
def test_where_refused_tries_count_only_a_rest_helps(app: Flask, limit: int, window: int, pauses: list[float]) -> None:
    """Never more than the limit in a bucket, a wait of about a window at most, and who waits as told gets in."""
    key, at = f"key{next(_numbers)}", START
    let_in: Counter[int] = Counter()
    with app.app_context():
        for pause in pauses:
            at += dt.timedelta(seconds=pause * window)
            verdict = hit(key, limit, window, now=at, count_refused=True)
            let_in[int(at.timestamp() // window)] += verdict.allowed
            assert verdict.retry_after <= window + window / limit + 1
            assert verdict.retry_after <= verdict.free_after <= max(window, verdict.retry_after)
        assert max(let_in.values()) <= limit
        wait = dt.timedelta(seconds=verdict.retry_after)
        assert verdict.allowed or hit(key, limit, window, now=at + wait, count_refused=True).allowed


def test_who_never_rests_stays_out(either: str) -> None:
    tries = [hit(either, 4, 600, now=START + number * SECOND, count_refused=True) for number in range(0, 3000, 20)]
    assert [one.allowed for one in tries] == [True] * 4 + [False] * 146
    assert max(one.retry_after for one in tries) <= 750


@pytest.mark.parametrize("count_refused", [True, False])
def test_many_at_once_are_no_more_than_one_after_the_other(
    app: Flask, either: str, count_refused: bool, db_session: Session
) -> None:
    gate = threading.Barrier(32)

    def work(_number: int) -> bool:
        with app.app_context():
            gate.wait()
            return hit(either, 10, 600, now=START, count_refused=count_refused).allowed

    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(work, range(32))) == 10


def test_a_redis_that_is_away_is_left_alone_for_a_while(away: list[int], app: Flask, db_session: Session) -> None:
    del app, db_session
    for _ in range(3):
        assert hit("key", 3, 600, now=NOW).allowed
    assert not hit("key", 3, 600, now=NOW).allowed
    assert len(away) == 1
    hit("key", 3, 600, now=NOW + limits.REST)
    assert len(away) == 2


def test_the_count_of_a_process_stays_small(
    away: list[int], app: Flask, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    del away, db_session
    monkeypatch.setattr(limits, "MOST_LOCAL_KEYS", 10)
    for number in range(30):
        hit(f"key{number}", 1, 600, now=NOW)
    assert len(app.extensions["local_limits"]._counts) == 10
    assert not hit("key29", 1, 600, now=NOW).allowed


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", "unknown"),
        (None, "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_one_address_is_one_key(address: str | None, key: str) -> None:
    assert address_key(address) == key
