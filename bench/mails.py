"""Reminders a minute by the number of processes that send: each claims rows of its own.

``python -m bench.mails PORT`` is one of them: it says "ready", waits for a line, and sends until nothing is left.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping

from bench.due import HOST, mail_server
from bench.due_seed import fill, make_due
from bench.ground import Ground
from bench.report import Report
from webapp.bookings.jobs import remind_due
from webapp.core import clock
from webapp.core.db import db

SENDERS = (1, 2, 4)


def measure(ground: Ground, report: Report, *, sessions: int = 300, senders: tuple[int, ...] = SENDERS) -> None:
    """Write the mails of so many sessions and send them through a mail server, by 1, 2 and 4 processes.

    It replaces the sessions on the ground.
    """
    with mail_server() as port:
        for number in senders:
            fill(0, ground.size.counsellors, ground.size.students)
            make_due(sessions, ground.size.counsellors, with_rest=False)
            remind_due(clock.now())
            db.session.remove()
            spent, sent = _by(number, port, ground.environ)
            assert sent == 2 * sessions, sent
            detail = f"{sent} mails in {spent:.1f} s"
            report.add(f"mails by {number} process{'es' if number > 1 else ''}", sent / spent * 60, "/min", detail)


def _by(number: int, port: int, environ: Mapping[str, str]) -> tuple[float, int]:
    """Let so many processes send; return the seconds it took and how many mails went."""
    command = [sys.executable, "-m", "bench.mails", str(port)]
    processes = [
        subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(number)
    ]
    for one in processes:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    begun = time.perf_counter()
    for one in processes:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    sent = sum(int(one.communicate()[0]) for one in processes)
    return time.perf_counter() - begun, sent


def main(port: int) -> None:
    """Send what is due through the mail server on ``port`` until nothing is left; print how many went."""
    from webapp import create_app
    from webapp.notifications.delivery import deliver_due
    from webapp.notifications.transport import SmtpTransport

    app = create_app()
    changes = {"smtp_host": HOST, "smtp_port": port, "smtp_tls": "none"}
    way = SmtpTransport(app.config["SETTINGS"].model_copy(update=changes))
    with app.app_context():
        print("ready", flush=True)
        sys.stdin.readline()
        sent = 0
        while (run := deliver_due(clock.now(), transport=way)).sent or run.more:
            sent += run.sent
    print(sent)


if __name__ == "__main__":
    main(int(sys.argv[1]))
