"""The week of results as queues: what is known of queues holds, and the page of docs is made of the figures."""

from __future__ import annotations

import itertools
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import assumed, queueing, scaling
from bench.assumed import Stage
from bench.queueing import Apart, Cost, Shared, Station, Waits
from bench.week import schedule, work_out

COSTS = {kind: Cost(0.010, 0.002) for kind in (*assumed.MIX, *assumed.ASIDE)}
Work = list[tuple[float, float]]


def _in_order(gaps: Work) -> Work:
    """Turn (gap, seconds) into (instant, seconds)."""
    found, at = [], 0.0
    for gap, seconds in gaps:
        at += gap
        found.append((at, seconds))
    return found


@given(
    gaps=st.lists(st.tuples(st.floats(0, 2), st.floats(0, 3)), min_size=1, max_size=60),
    servers=st.integers(1, 5),
    apart=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_work_is_neither_lost_nor_made(gaps: Work, servers: int, apart: bool) -> None:
    station: Station = Apart(servers, random.Random(1)) if apart else Shared(servers)
    work = _in_order(gaps)
    done = [station.take(at, seconds) for at, seconds in work]
    assert station.work == pytest.approx(sum(seconds for _, seconds in work))
    assert all(end >= at + seconds - 1e-9 for end, (at, seconds) in zip(done, work, strict=True))
    # No more than all servers could do between the first arrival and the last end.
    assert station.work <= servers * (max(done) - work[0][0]) + 1e-6


@given(gaps=st.lists(st.tuples(st.floats(0.5, 2), st.floats(0, 1)), min_size=1, max_size=60), servers=st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_below_capacity_nothing_piles_up(gaps: Work, servers: int) -> None:
    station = Shared(servers)
    waits = [station.take(at, seconds) - at - seconds for at, seconds in _in_order(gaps)]
    assert max(waits) <= 1e-9  # two servers, each done before the next but one comes


@pytest.mark.parametrize("use", [0.5, 0.8])
def test_one_server_waits_as_theory_says(use: float) -> None:
    chance, station, waits = random.Random(3), Shared(1), Waits()
    whole = 0.0
    for at in queueing.arrivals([Stage(0.0, 60_000.0, use)], chance):
        took = station.take(at, chance.expovariate(1.0)) - at
        waits.add(took)
        whole += took
    assert whole / waits.number == pytest.approx(1 / (1 - use), rel=0.12)  # M/M/1


def test_above_capacity_it_does() -> None:
    stages = [Stage(0.0, 20.0, 300.0)]
    crowded = queueing.serve(stages, assumed.MIX, COSTS, web=2, database=2)
    roomy = queueing.serve(stages, assumed.MIX, COSTS, web=6, database=2)
    assert crowded.waits.quantile(0.95) > 3
    assert roomy.waits.quantile(0.95) < 0.2
    assert roomy.use(6) == pytest.approx(0.5, rel=0.1)
    assert crowded.waits.number == roomy.waits.number  # the same people come


def test_the_same_seed_tells_the_same() -> None:
    stages = queueing.rush(assumed.PAGES / 500)
    assert queueing.cores_needed(stages, assumed.MIX, COSTS) == queueing.cores_needed(stages, assumed.MIX, COSTS)
    asked = {kind: [kind.encode()] * 2 for kind in (*assumed.MIX, *assumed.ASIDE)}
    assert schedule(asked, stages[:1]) == schedule(asked, stages[:1])


def test_the_week_has_all_its_pages() -> None:
    stages = list(assumed.week())
    assert sum(stage.pages for stage in stages) == pytest.approx(12_000_000)
    assert sum(stage.pages for stage in stages if stage.start < assumed.DAY) == pytest.approx(6_000_000)
    assert assumed.peak() == pytest.approx(625)
    assert all(one.start + one.seconds == other.start for one, other in itertools.pairwise(stages))
    assert sum(assumed.MIX.values()) == pytest.approx(1)


def test_mails_wait_for_senders() -> None:
    written = queueing.mails(list(assumed.week(assumed.PAGES / 100)), assumed.STUDENTS // 100, random.Random(1))
    one, four = (queueing.send(written, senders, 0.024) for senders in (1, 4))
    assert one.mails == four.mails == len(written)
    assert one.longest_wait >= four.longest_wait >= 0
    assert one.use == pytest.approx(4 * four.use)


def test_the_arithmetic_is_the_formula() -> None:
    found = {name: value for name, value, _, _ in work_out(COSTS)}
    assert found["web cores at the peak"] == pytest.approx(625 * 0.010 * (1 + sum(assumed.ASIDE.values())))


def test_the_page_is_made_of_what_was_measured_last() -> None:
    page = scaling.PAGE.read_text()
    assert page == scaling.with_block(page, json.loads(scaling.MEASURED.read_text()))
