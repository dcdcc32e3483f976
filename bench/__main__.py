"""``python -m bench [part ...]``: all parts unless some are named (``--help`` lists them)."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from bench import (
    api,
    booking,
    booking_http,
    due,
    growth,
    leads,
    live,
    mails,
    pages,
    signin,
    slots,
    standing,
    webhooks,
    week,
)
from bench.ground import Ground, prepared
from bench.report import Report
from bench.seed import Size

PARTS: dict[str, tuple[str, Callable[[Ground, Report], None]]] = {
    "pages": ("Pages", pages.measure),
    "api": ("Endpoints", api.measure),
    "standing": ("Start and memory", standing.measure),
    "live": ("Open pickers", live.measure),
    "week": ("Week of results", week.measure),
    "webhooks": ("Webhooks of the gateway", webhooks.measure),
    "slots": ("Free times", slots.measure),  # it adds counsellors: the house has 2,000 from here on
    "posts": ("Booking by POST", booking_http.measure),  # it fills calendars
    "booking": ("Booking in one process", booking.measure),  # so does it
    "leads": ("Leads at the desk", leads.measure),
    "signin": ("Signing in", signin.measure),
    "growth": ("Growth", growth.measure),  # on databases of its own
    "mails": ("Mails", mails.measure),  # it replaces all sessions
    "due": ("What falls due", due.measure),  # as does it
}


def main(argv: list[str]) -> int:
    """Measure and write report.md, report.json and plots to bench/out."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)}; default all")
    asked = parser.parse_args(argv).parts
    if unknown := set(asked) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    report, size = Report(), Size()
    begun = time.perf_counter()
    with prepared(size) as ground:
        with report.part("Data"):
            detail = f"{size.counsellors} counsellors × {size.days} days, {size.students:,} students"
            report.add("sessions", ground.sessions, "", f"{detail}, written in {ground.seed_seconds:.1f} s")
        for name, (title, measure) in PARTS.items():
            if name in asked or not asked:
                started = time.perf_counter()
                with report.part(title):
                    measure(ground, report)
                report.seconds[title] = round(time.perf_counter() - started, 1)
    print(f"{report.write()} written after {time.perf_counter() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
