"""Booking as browsers do it: a POST a booking, beside a bare app's POST that inserts the same row."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from urllib.parse import urlencode

from flask_wtf.csrf import URLSafeTimedSerializer

from bench.booking import askers, deadlocks, free_slots
from bench.ground import SECRET, Ground
from bench.load import Answers, Sent, send
from bench.pages import CLIENTS, student_cookies
from bench.report import Report
from bench.server import Served, serving, shared
from webapp.bookings.picker_url import write_instant

RUSH = 64
ROUNDS = 4
Slot = tuple[int, str, dt.datetime]


def measure(
    ground: Ground,
    report: Report,
    *,
    bookings: int = 400,
    clients: int = CLIENTS,
    rush: int = RUSH,
    volleys: int = 5,
    server: Served | None = None,
) -> None:
    """Book distinct times against bare inserts, by turns; then let many students want the same one."""
    app, bare_app = shared(server, "wsgi:app", ground.environ), serving("bench.bare:app", ground.environ)
    cookies = student_cookies(ground, max(bookings, rush))
    with app as web, bare_app as bare:
        booked, inserted = _distinct(ground, (web, bare), cookies[:bookings], clients)
        _compare(report, booked, inserted, clients)
        _rush(ground, report, web, cookies[:rush], volleys)


def _distinct(
    ground: Ground, servers: tuple[Served, Served], cookies: Sequence[str], clients: int
) -> tuple[Answers, Answers]:
    """Book and insert as many, a time of its own each, quarter by quarter in turns."""
    slots = list(itertools.islice(free_slots(ground, 44), 2 * len(cookies)))
    people = askers(2 * len(cookies))[len(cookies) :]  # others than those who book: nobody is in two places
    ours = [booking_request(slot, cookie) for slot, cookie in zip(slots, cookies, strict=False)]
    inserts = [_insert(slot, number, people[number][:2]) for number, slot in enumerate(slots[len(cookies) :])]
    booked, inserted = Answers(), Answers()
    step = -(-len(cookies) // ROUNDS)
    for first in range(0, len(cookies), step):
        booked.add(send(servers[0], ours[first : first + step], clients=clients))
        inserted.add(send(servers[1], inserts[first : first + step], clients=clients))
    assert set(inserted.statuses) == {201}, inserted.statuses
    return booked, inserted


def _compare(report: Report, booked: Answers, inserted: Answers, clients: int) -> None:
    detail = f"{booked.rate:.0f}/s and {inserted.rate:.0f}/s by {clients} clients, each a request and a durable commit"
    report.add("bookings ÷ bare inserts, by POST", booked.rate / inserted.rate, "×", detail, least=0.5)
    detail = f"{booked.cpu_ms:.2f} ms and {inserted.cpu_ms:.2f} ms in the web workers"
    if inserted.cpu_ms:  # of a handful the system's clock may see nothing
        report.add("a booking's CPU ÷ a bare insert's", booked.cpu_ms / inserted.cpu_ms, "×", detail)
    failed = sum(number for status, number in booked.statuses.items() if status != 303)
    report.add("bookings by POST that failed", failed, "", str(dict(booked.statuses)), most=0)


def _rush(ground: Ground, report: Report, web: Served, cookies: Sequence[str], volleys: int) -> None:
    before, answers = deadlocks(), Answers()
    for number, slot in enumerate(itertools.islice(free_slots(ground, 62), volleys + 1)):
        volley = send(web, [booking_request(slot, cookie) for cookie in cookies], clients=len(cookies))
        if number:  # at the first one the workers read the refused page's templates
            answers.add(volley)
    detail = f"{volleys} volleys of {len(cookies)} clients; p50 {answers.ms(0.5):.0f} ms"
    longest = max(answers.times) * 1000
    report.add("one slot, many clients by POST: longest answer", longest, "ms", detail, most=1000)
    winners = answers.statuses[303] / volleys
    report.add("winners a volley, by POST", winners, "", str(dict(answers.statuses)), most=1, least=1)
    report.add("deadlocks, by POST", deadlocks() - before, "", "counted by Postgres", most=0)


def booking_request(slot: Slot, cookie: str) -> Sent:
    """Return the POST by which the student of a cookie books a time."""
    _, public_id, start = slot
    token = URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps("0" * 40)
    form = {"csrf_token": token, "at": write_instant(start), "agenda": "Choice list", "mode": "video"}
    return Sent(f"/book/{public_id}", cookie, urlencode(form).encode())


def _insert(slot: Slot, number: int, asker: tuple[int, int]) -> Sent:
    form = {"number": number, "who": slot[0], "starts_at": slot[2].isoformat(), "student": asker[0], "mine": asker[1]}
    return Sent("/insert", "", urlencode(form).encode())
