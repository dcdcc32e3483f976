"""Pages against bare Flask pages on the same server with the same workers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from bench import leads
from bench.ground import Ground
from bench.load import Answers, Question, ask, told
from bench.logins import cookie_of
from bench.report import Report
from bench.server import Served, serving, shared
from webapp.accounts.models import Role, User
from webapp.core.db import db

CLIENTS = 16
ROUNDS = 3
LEADS = 1000
PICKER, HOME = "picker, signed in", "student's home"
AIMS = {PICKER: 0.6, HOME: 0.7}


def measure(
    ground: Ground, report: Report, *, seconds: float = 4.0, rounds: int = ROUNDS, server: Served | None = None
) -> None:
    """Ask each page by turns with 16 clients, each a student and a counsellor of its own; compare the sums."""
    app, bare_app = shared(server, "wsgi:app", ground.environ), serving("bench.bare:app", ground.environ)
    leads.fill(LEADS)
    with app as web, bare_app as bare:
        questions = _questions(ground, web, bare)
        found = by_turns(questions, seconds, rounds)
    leads.empty()
    page, line = found["bare page"], found["bare line"]
    for name, answers in found.items():
        assert set(answers.statuses) == {200}, (name, answers.statuses)
        report.add(f"{name}: throughput", answers.rate, "/s", told(answers))
    for name in list(questions)[2:]:
        _compare(report, name, found[name], page)
    report.add("picker, signed in ÷ bare line", found[PICKER].rate / line.rate, "×", "one query, one line")


def _questions(ground: Ground, web: Served, bare: Served) -> dict[str, Sequence[Question]]:
    cookies = student_cookies(ground, CLIENTS)
    counsellors = [f"/book/counsellor_b{1 + n % ground.size.counsellors}" for n in range(CLIENTS)]
    pairs = list(zip(counsellors, cookies, strict=True))
    return {
        "bare page": [Question(bare, "/page")],
        "bare line": [Question(bare, "/line")],
        PICKER: [Question(web, path, cookie) for path, cookie in pairs],
        "picker, signed in, one day by htmx": [Question(web, path, cookie, partial=True) for path, cookie in pairs],
        "picker, visitor": [Question(web, path) for path in counsellors],
        HOME: [Question(web, "/student", cookie) for cookie in cookies],
        "landing": [Question(web, "/")],
        "leads": [Question(web, "/admin/leads", leads.admin_cookie(ground))],
    }


def _compare(report: Report, name: str, ours: Answers, page: Answers) -> None:
    aim = AIMS.get(name)
    detail = "share of its throughput"
    report.add(f"{name} ÷ bare page", ours.rate / page.rate, "×", detail, least=aim)
    report.add(f"{name}: CPU ÷ bare page", ours.cpu_ms / page.cpu_ms, "×", "in the web workers")
    detail = f"{ours.ms(0.95):.1f} ms and {page.ms(0.95):.1f} ms"
    report.add(f"{name}: p95 ÷ bare page's", ours.ms(0.95) / page.ms(0.95), "×", detail, most=2 if aim else None)


def by_turns(questions: Mapping[str, Sequence[Question]], seconds: float, rounds: int) -> dict[str, Answers]:
    """Ask all questions in several rounds, so that the machine's moods meet all alike."""
    found = {name: Answers() for name in questions}
    for one in questions.values():
        ask(one, clients=CLIENTS, seconds=seconds / 4)  # templates compiled, pools filled
    for _ in range(rounds):
        for name, one in questions.items():
            found[name].add(ask(one, clients=CLIENTS, seconds=seconds / rounds)[0])
    return found


def picker_path() -> str:
    """The picker of the first counsellor."""
    return "/book/counsellor_b1"


def student_cookie(ground: Ground) -> str:
    """The cookie of a signed-in student."""
    return student_cookies(ground, 1)[0]


def student_cookies(ground: Ground, number: int) -> list[str]:
    """The cookies of so many students who are signed in (of fewer, if there are fewer, several times)."""
    wanted = select(User).where(User.role == Role.STUDENT).order_by(User.id).limit(number)
    cookies = [cookie_of(ground, user) for user in db.session.scalars(wanted).all()]
    return list(itertools.islice(itertools.cycle(cookies), number))
