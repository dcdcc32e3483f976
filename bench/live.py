"""500 open pickers: what their questions cost the pages, and how soon they hear."""

from __future__ import annotations

from statistics import median

from bench.ground import Ground
from bench.load import Answers, Question, ask, told
from bench.pages import CLIENTS, picker_path, student_cookie
from bench.report import Report
from bench.server import Served, shared

PICKERS = 500
PAUSE = 4.0  # seconds between two questions of an open picker
ROUNDS = 5


def measure(
    ground: Ground,
    report: Report,
    *,
    seconds: float = 4.0,
    pickers: int = PICKERS,
    pause: float = PAUSE,
    rounds: int = ROUNDS,
    server: Served | None = None,
) -> None:
    """Ask for the picker's page with and without open pickers, by turns."""
    with shared(server, "wsgi:app", ground.environ) as web:
        page = Question(web, picker_path(), student_cookie(ground))
        watchers = [
            Question(web, f"/live/slots/counsellor_b{1 + number % ground.size.counsellors}?v=0&n={number}")
            for number in range(pickers)
        ]
        ask(page, clients=CLIENTS, seconds=seconds / 4)
        alone, among, polls = Answers(), Answers(), Answers()
        shares = []
        for _ in range(rounds):
            before = ask(page, clients=CLIENTS, seconds=seconds / 2)[0]
            pages, asked = ask(page, clients=CLIENTS, seconds=seconds, watchers=watchers, pause=pause)
            after = ask(page, clients=CLIENTS, seconds=seconds / 2)[0]
            shares.append(2 * pages.rate / (before.rate + after.rate))
            for whole, part in ((alone, before), (alone, after), (among, pages), (polls, asked)):
                whole.add(part)
    assert set(among.statuses) == {200}, among.statuses
    assert set(polls.statuses) == {204}, polls.statuses
    report.add("picker's page, nobody watching", alone.rate, "/s", told(alone))
    report.add(f"picker's page, {pickers} open pickers", among.rate, "/s", told(among))
    told_shares = f"median of {rounds} rounds between two without; {min(shares):.2f} to {max(shares):.2f}"
    report.add("with ÷ without", median(shares), "×", told_shares)
    detail = (
        f"{polls.rate:.0f} a second, p50 {polls.ms(0.5):.1f} ms, p95 {polls.ms(0.95):.1f} ms beside {CLIENTS} clients"
    )
    cost = (among.server_cpu - alone.cpu_ms / 1000 * len(among.times)) / len(polls.times) * 1000
    report.add("a question's CPU ÷ a page's", cost / alone.cpu_ms, "×", f"{cost:.2f} ms and {alone.cpu_ms:.2f} ms")
    report.add("a question of an open picker, longest", max(polls.times) * 1000, "ms", detail)
