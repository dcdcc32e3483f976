"""What a page costs: CPU of the web workers and of Postgres, each kind by turns, no student's page twice in a round."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil
from sqlalchemy import select

from bench.booking import free_slots
from bench.booking_http import booking_request
from bench.ground import Ground
from bench.load import Question
from bench.logins import cookies_of
from bench.openloop import Due, Replay, replay
from bench.queueing import Cost
from bench.server import Served
from webapp.accounts.models import Role, User
from webapp.core.db import db

STUDENTS = 600
CLIENTS, WARM = 4, 16
YARDSTICK = "bare page"
Wires = Mapping[str, Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Costs by kind, and that of the bare page in the same minutes."""

    costs: dict[str, Cost]
    bare: Cost


def wires(ground: Ground, web: Served, *, bookings: int) -> dict[str, list[bytes]]:
    """Return requests of every kind, each of another student or counsellor as far as there are so many."""
    wanted = select(User).where(User.role == Role.STUDENT).order_by(User.id).limit(STUDENTS)
    cookies = cookies_of(ground, db.session.scalars(wanted).all())
    people = [f"counsellor_b{number}" for number in range(1, ground.size.counsellors + 1)]
    pairs = list(zip(itertools.cycle(people), cookies, strict=False))
    slots = itertools.islice(free_slots(ground, 30), bookings)

    def ask(path: str, cookie: str = "") -> bytes:
        return Question(web, path, cookie).wire

    return {
        "landing": [ask("/")],
        "picker, visitor": [ask(f"/book/{one}") for one in people],
        "picker, signed in": [ask(f"/book/{one}", cookie) for one, cookie in pairs],
        "student's home": [ask("/student", cookie) for cookie in cookies],
        "packages": [ask("/packages")],
        "a package": [ask("/packages/jee-complete")],
        "counsellors": [ask(f"/counsellors?page={page}") for page in range(1, 6)],
        "a counsellor": [ask(f"/counsellors/{one}") for one in people],
        "ask of a picker": [ask(f"/live/slots/{one}?v=0") for one in people],
        "ask of an inbox": [ask("/live/inbox?v=0", cookie) for cookie in cookies],
        "booking": [
            booking_request(slot, cookie).wire(web.port)
            for slot, cookie in zip(slots, itertools.cycle(reversed(cookies)), strict=False)
        ],
    }


def measure_costs(
    web: Served, bare: Served, asked: Wires, database: psutil.Process, *, number: int, rounds: int
) -> Measured:
    """Ask for each kind by turns, 4 at a time, so often in all; of bookings, half of what there is."""
    everything = {YARDSTICK: [Question(bare, "/page").wire], **asked}
    turns = {kind: itertools.cycle(requests) for kind, requests in everything.items() if kind != "booking"}
    found: dict[str, Replay] = {kind: Replay() for kind in everything}
    for kind, requests in turns.items():
        _ask(bare if kind == YARDSTICK else web, kind, list(itertools.islice(requests, WARM)), database)
    for _ in range(rounds):
        for kind, requests in turns.items():
            several = list(itertools.islice(requests, max(1, number // rounds)))
            _add(found[kind], _ask(bare if kind == YARDSTICK else web, kind, several, database))
    _add(found["booking"], _ask(web, "booking", asked["booking"][: len(asked["booking"]) // 2], database))
    costs = {kind: Cost(one.web_cpu / one.answered, one.database_cpu / one.answered) for kind, one in found.items()}
    return Measured({kind: cost for kind, cost in costs.items() if kind != YARDSTICK}, costs[YARDSTICK])


def _ask(server: Served, kind: str, requests: Sequence[bytes], database: psutil.Process) -> Replay:
    return replay(server, [Due(0.0, kind, wire) for wire in requests], lines=CLIENTS, database=database, give_up=False)


def _add(whole: Replay, part: Replay) -> None:
    assert not part.refused, part.statuses
    whole.web_cpu += part.web_cpu
    whole.database_cpu += part.database_cpu
    for kind, times in part.times.items():
        whole.times[kind] += times
