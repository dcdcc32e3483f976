"""Processes that plan and send reminders as the worker does, until they are killed.

``python -m tests.bookings.reminder_workers`` goes once through the work itself, so that every worker
begins warm, and says "ready". Then each line asks for something and gets one line back: "start" forks
a worker and gives its pid, "bury <pid>" waits for its end and gives its return code (-9: killed).
"""

from __future__ import annotations

import os
import sys
import time

from webapp import create_app
from webapp.bookings.jobs import remind_due
from webapp.core import clock
from webapp.core.db import db
from webapp.core.jobs import get_redis
from webapp.notifications.delivery import deliver_due


def work() -> None:
    """Plan what is due, send what is due."""
    remind_due(clock.now())
    deliver_due(clock.now())


def start() -> int:
    """Fork a worker that does nothing else; return its pid."""
    pid = os.fork()
    if pid:
        return pid
    while True:
        work()
        time.sleep(0.01)


def main() -> None:
    """Serve requests until the pipe closes."""
    with create_app().app_context():
        work()
        db.session.remove()
        db.engine.dispose()  # a fork must not inherit a connection
        get_redis().close()
        print("ready", flush=True)
        for line in sys.stdin:
            verb, _, pid = line.partition(" ")
            answer = start() if verb.strip() == "start" else os.waitstatus_to_exitcode(os.waitpid(int(pid), 0)[1])
            print(answer, flush=True)


if __name__ == "__main__":
    main()
