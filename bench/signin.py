"""Signing in: how many a second, and how many guesses an attacker gets per hour under the limits.

The first is asked of the running server with the limits raised; the second is counted by the limits themselves, with
their clock moved by hand through one hour.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import threading
import time
from collections.abc import Mapping

from flask import g

from bench.ground import Ground
from bench.report import Report
from bench.server import HOST, Served, serving
from webapp.accounts.models import User
from webapp.accounts.passwords import hash_password
from webapp.core.db import db
from webapp.core.errors import RateLimited
from webapp.core.jobs import get_redis
from webapp.core.throttle import enforce_limits

PASSWORD = "Only-4-measuring"  # noqa: S105  of an account that lives as long as the bench
SECONDS, CLIENTS = 5.0, 4
PATH = "/api/v1/auth/login"
HOUR, STEP = 3600, 60  # an attacker comes back every minute and asks until refused


def measure(ground: Ground, report: Report) -> None:
    """Add logins a second and guesses an hour to the report."""
    email = _account()
    environ: Mapping[str, str] = {**ground.environ, "RATE_LIMIT_FACTOR": "100000"}
    with serving("wsgi:app", environ) as server:
        for title, password in (("right password", PASSWORD), ("wrong password", "Wrong-4-measuring")):
            count, cpu = _sign_in(server, email, password)
            detail = f"{CLIENTS} clients, {cpu * 1000 / max(1, count):.0f} ms of CPU each"
            report.add(f"logins a second, {title}", round(count / SECONDS, 1), "/s", detail)
    for addresses in (1, 10, 100):
        report.add(
            f"guesses an hour at one account from {addresses} address{'es' if addresses > 1 else ''}",
            guesses_in_an_hour(ground, email, addresses),
            "",
            "counted by the limits; the account's owner, at a known address, is never held by them",
        )


def _account() -> str:
    user = db.session.query(User).filter_by(public_id="user_s1").one()
    user.password_hash = hash_password(PASSWORD)
    db.session.commit()
    return user.email


def _sign_in(server: Served, email: str, password: str) -> tuple[int, float]:
    """Return how many answers came in `SECONDS`, and the CPU seconds of the server."""
    body, counts = json.dumps({"email": email, "password": password}), [0] * CLIENTS
    until, cpu = time.perf_counter() + SECONDS, server.cpu()

    def ask(number: int) -> None:
        line = http.client.HTTPConnection(HOST, server.port, timeout=30)
        while time.perf_counter() < until:
            line.request("POST", PATH, body, {"Content-Type": "application/json"})
            answer = line.getresponse()
            answer.read()
            if answer.status not in {200, 401}:
                raise RuntimeError(f"a login answered {answer.status}")
            counts[number] += 1
        line.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sum(counts), server.cpu() - cpu


def guesses_in_an_hour(ground: Ground, email: str, addresses: int) -> int:
    """Return how many passwords somebody with so many addresses may try at one account within an hour."""
    settings = ground.app.config["SETTINGS"]
    ground.app.config["SETTINGS"] = settings.model_copy(update={"rate_limit_factor": 1.0})  # as in production
    get_redis().flushdb()
    begun, let_through = dt.datetime(2030, 1, 1, tzinfo=dt.UTC), 0
    for second in range(0, HOUR, STEP):
        now = begun + dt.timedelta(seconds=second)
        for number in range(addresses):
            while _may_try(ground, email, f"198.51.{number // 250}.{number % 250 + 1}", now):
                let_through += 1
    get_redis().flushdb()
    ground.app.config["SETTINGS"] = settings
    return let_through


def _may_try(ground: Ground, email: str, address: str, now: dt.datetime) -> bool:
    asks = ground.app.test_request_context(
        PATH, method="POST", json={"email": email, "password": "x"}, environ_base={"REMOTE_ADDR": address}
    )
    with asks:
        g.now = now
        g.pop("limits_counted", None)  # the bench's own context outlives a request
        try:
            enforce_limits()
        except RateLimited:
            return False
        return True
