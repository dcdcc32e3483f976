"""What a web server costs before and while it answers: its start, and the memory of its workers."""

from __future__ import annotations

import time

import psutil

from bench.ground import Ground
from bench.load import Question, ask
from bench.pages import CLIENTS, picker_path, student_cookie
from bench.report import Report
from bench.server import serving

MIB = 1024 * 1024
STARTS = 3


def measure(ground: Ground, report: Report, *, seconds: float = 4.0, starts: int = STARTS) -> None:
    """Start the web server until it answers; weigh its workers fresh, and after pages for some seconds."""
    cookie = student_cookie(ground)
    took = []
    for number in range(starts):
        begun = time.perf_counter()
        with serving("wsgi:app", ground.environ) as web:
            took.append(time.perf_counter() - begun)
            if number == starts - 1:
                fresh = _private(web.process)
                for path in (picker_path(), "/student", "/"):
                    ask(Question(web, path, cookie), clients=CLIENTS, seconds=seconds / 3)
                used = _private(web.process)
    report.add("start until it answers", min(took), "s", f"of {starts} starts; {max(took):.1f} s the longest")
    workers = f"{ground.environ['WEB_WORKERS']} workers, memory of their own, the largest"
    report.add("memory of a web worker, fresh", fresh, "MB", workers)
    report.add("memory of a web worker, after pages", used, "MB", workers)


def _private(server: psutil.Process) -> float:
    """The megabytes that the largest of a server's processes shares with no other."""
    return max(one.memory_full_info().uss for one in (server, *server.children(recursive=True))) / MIB
