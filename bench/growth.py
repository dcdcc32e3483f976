"""The same pages with 1, 10 and 100 times the data: they should not care.

``python -m bench.growth TIMES SECONDS`` measures one size on a fresh database and prints it as JSON. Everything grows
together: counsellors, students and their sessions, leads. So a person has as much to look at as before.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import time
from collections.abc import Sequence

from sqlalchemy import select

from bench import leads
from bench.ground import Ground, prepared
from bench.load import Question, ask
from bench.logins import cookie_of
from bench.pages import picker_path, student_cookie
from bench.report import Report
from bench.seed import Size
from bench.server import Served, shared
from bench.timing import quantile
from webapp.accounts.models import User
from webapp.bookings.queries import free_starts_for
from webapp.core.db import db
from webapp.counsellors.models import Counsellor

TIMES = (1, 10, 100)
LEADS = 1000
CLIENTS = 2
MOST = 1.3
SMALLEST = Size(counsellors=10, students=100)


def measure(
    ground: Ground, report: Report, *, seconds: float = 3.0, times: Sequence[int] = TIMES, rounds: int = 2
) -> None:
    """Measure every size in a process and on a database of its own, several times by turns; keep the best."""
    del ground
    found: dict[str, dict[int, float]] = {}
    for _ in range(rounds):
        for number in times:
            command = [sys.executable, "-m", "bench.growth", str(number), str(seconds)]
            answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            for name, value in json.loads(answer.splitlines()[-1]).items():
                best = found.setdefault(name, {})
                best[number] = min(value, best.get(number, value))
    compare(report, found)


def compare(report: Report, found: dict[str, dict[int, float]]) -> None:
    """Report by how much each thing has grown from the smallest to the largest size."""
    for name, values in found.items():
        report.growth[name] = [(float(number), value) for number, value in values.items()]
        detail = ", ".join(f"{value:.2f} ms at {number}×" for number, value in values.items())
        report.add(f"{name}: growth", values[max(values)] / values[min(values)], "×", detail, most=MOST)


def ask_all(ground: Ground, *, seconds: float, number: int, server: Served | None = None) -> dict[str, float]:
    """Return milliseconds by name: of free times the lower quartile, of pages the CPU in the web workers."""
    leads.fill(LEADS * number)
    found = {"a month of a counsellor": _slots(ground, seconds)}
    with shared(server, "wsgi:app", ground.environ) as web:
        student, admin = student_cookie(ground), leads.admin_cookie(ground)
        pages = {
            "picker": Question(web, picker_path(), student),
            "student's home": Question(web, "/student", student),
            "counsellor's home": Question(web, "/counsellor", _counsellor_cookie(ground)),
            "leads": Question(web, "/admin/leads", admin),
        }
        for name, question in pages.items():
            ask(question, clients=CLIENTS, seconds=seconds / 3)
            answers = ask(question, clients=CLIENTS, seconds=seconds)[0]
            assert set(answers.statuses) == {200}, (name, answers.statuses)
            found[f"{name}, CPU"] = answers.cpu_ms
            found[f"{name}, p50"] = answers.ms(0.5)
    leads.empty()
    return found


def _counsellor_cookie(ground: Ground) -> str:
    return cookie_of(ground, db.session.scalars(select(User).where(User.public_id == "user_c1")).one())


def _slots(ground: Ground, seconds: float) -> float:
    times: list[float] = []
    with ground.app.test_request_context("/"):
        who = db.session.scalars(select(Counsellor).order_by(Counsellor.id).limit(1)).one()
        last, now = ground.today + dt.timedelta(days=30), ground.now
        until = time.perf_counter() + seconds
        while not times or time.perf_counter() < until:
            begun = time.perf_counter()
            free_starts_for(who, student_id=None, duration=None, first=ground.today, last=last, now=now)
            times.append(time.perf_counter() - begun)
    return quantile(times, 0.25) * 1000


def main(number: int, seconds: float) -> None:
    """Measure one size and print it."""
    size = Size(counsellors=SMALLEST.counsellors * number, students=SMALLEST.students * number)
    with prepared(size, pool=4) as ground:
        print(json.dumps(ask_all(ground, seconds=seconds, number=number)))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
