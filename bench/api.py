"""The five busiest endpoints of the JSON door against a bare Flask endpoint with one query."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

from sqlalchemy import select

from bench.ground import Ground
from bench.load import Question, told
from bench.logins import token_of
from bench.pages import CLIENTS, ROUNDS, by_turns
from bench.report import Report
from bench.server import Served, serving, shared
from webapp.accounts.models import Role, User
from webapp.core.db import db

NO_LIMITS = {"RATE_LIMIT_FACTOR": "1000000"}  # one address asks all of it
BARE = "bare JSON"
WEEK = dt.timedelta(days=7)


def measure(
    ground: Ground, report: Report, *, seconds: float = 3.0, rounds: int = ROUNDS, server: Served | None = None
) -> None:
    """Ask each endpoint by turns with 16 clients, each a student and a counsellor of its own."""
    app = shared(server, "wsgi:app", {**ground.environ, **NO_LIMITS})
    with app as web, serving("bench.bare:app", ground.environ) as bare:
        found = by_turns({BARE: [Question(bare, "/json")], **_questions(ground, web)}, seconds, rounds)
    yardstick = found[BARE]
    for name, answers in found.items():
        assert set(answers.statuses) == {200}, (name, answers.statuses)
        report.add(f"{name}: throughput", answers.rate, "/s", told(answers))
    for name, answers in found.items():
        if name != BARE:
            report.add(f"{name} ÷ {BARE}", answers.rate / yardstick.rate, "×", "share of its throughput")
            report.add(f"{name}: CPU ÷ {BARE}", answers.cpu_ms / yardstick.cpu_ms, "×", "in the web workers")


def _questions(ground: Ground, web: Served) -> dict[str, Sequence[Question]]:
    tokens = _tokens(ground, CLIENTS)
    first = ground.today + dt.timedelta(days=1)
    days = f"startDate={first}&endDate={first + WEEK}"
    counsellors = [f"/api/v1/counsellors/counsellor_b{1 + n % ground.size.counsellors}" for n in range(CLIENTS)]
    return {
        "a week's free times": [Question(web, f"{path}/slots?{days}") for path in counsellors],
        "auth/me": [Question(web, "/api/v1/auth/me", token=token) for token in tokens],
        "my sessions": [Question(web, "/api/v1/counselling-sessions/my", token=token) for token in tokens],
        "packages": [Question(web, "/api/v1/counselling-packages")],
        "counsellors": [Question(web, "/api/v1/counsellors?limit=20")],
    }


def _tokens(ground: Ground, number: int) -> list[str]:
    wanted = select(User).where(User.role == Role.STUDENT).order_by(User.id).limit(number)
    tokens = [token_of(ground, user) for user in db.session.scalars(wanted).all()]
    return list(itertools.islice(itertools.cycle(tokens), number))
