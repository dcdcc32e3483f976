"""The picker's page against bare Flask pages on the same server with the same workers."""

from __future__ import annotations

from sqlalchemy import select

from bench.ground import Ground
from bench.load import Answers, Question, ask
from bench.logins import cookie_of
from bench.report import Report
from bench.server import Served, serving, shared
from webapp.accounts.models import User
from webapp.core.db import db

CLIENTS = 16
ROUNDS = 3


def measure(
    ground: Ground, report: Report, *, seconds: float = 4.0, rounds: int = ROUNDS, server: Served | None = None
) -> None:
    """Ask each page by turns with 16 clients; compare the sums."""
    app, bare_app = shared(server, "wsgi:app", ground.environ), serving("bench.bare:app", ground.environ)
    with app as web, bare_app as bare:
        cookie = student_cookie(ground)
        questions = {
            "picker, signed in": Question(web, picker_path(), cookie),
            "picker, signed in, one day by htmx": Question(web, picker_path(), cookie, partial=True),
            "picker, visitor": Question(web, picker_path()),
            "bare page": Question(bare, "/page"),
            "bare line": Question(bare, "/line"),
        }
        found = by_turns(questions, seconds, rounds)
    page, line = found["bare page"], found["bare line"]
    for name, answers in found.items():
        assert set(answers.statuses) == {200}, (name, answers.statuses)
        report.add(f"{name}: throughput", answers.rate, "/s", told(answers))
    for name in list(questions)[:3]:
        ours = found[name]
        report.add(f"{name} ÷ bare page", ours.rate / page.rate, "×", "share of its throughput")
        report.add(f"{name}: CPU ÷ bare page", ours.cpu_ms / page.cpu_ms, "×", "in the web workers")
    picker = found["picker, signed in"]
    report.add("picker, signed in ÷ bare line", picker.rate / line.rate, "×", "one query, one line")


def by_turns(questions: dict[str, Question], seconds: float, rounds: int) -> dict[str, Answers]:
    """Ask all questions in several rounds, so that the machine's moods meet all alike."""
    found = {name: Answers() for name in questions}
    for one in questions.values():
        ask(one, clients=CLIENTS, seconds=seconds / 4)  # templates compiled, pools filled
    for _ in range(rounds):
        for name, one in questions.items():
            found[name].add(ask(one, clients=CLIENTS, seconds=seconds / rounds)[0])
    return found


def told(answers: Answers) -> str:
    """Size and times of answers."""
    return (
        f"{answers.size / 1024:.1f} KB, p50 {answers.ms(0.5):.1f} ms, p95 {answers.ms(0.95):.1f} ms, "
        f"{answers.cpu_ms:.2f} ms of CPU"
    )


def picker_path() -> str:
    """The picker of the first counsellor."""
    return "/book/counsellor_b1"


def student_cookie(ground: Ground) -> str:
    """The cookie of a signed-in student."""
    user = db.session.scalars(select(User).where(User.public_id == "user_s1")).one()
    return cookie_of(ground, user)
