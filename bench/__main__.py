"""``python -m bench [slots] [pages] [live] [webhooks] [booking] [leads] [due]``: all parts unless some are named."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from bench import booking, due, leads, live, pages, slots, webhooks
from bench.ground import Ground, prepared
from bench.report import Report
from bench.seed import Size

PARTS: dict[str, tuple[str, Callable[[Ground, Report], None]]] = {
    "slots": ("Free times", slots.measure),
    "pages": ("Pages", pages.measure),
    "live": ("Open pickers", live.measure),
    "webhooks": ("Webhooks of the gateway", webhooks.measure),
    "booking": ("Booking", booking.measure),  # it fills calendars
    "leads": ("Leads at the desk", leads.measure),
    "due": ("What falls due", due.measure),  # last: it replaces all sessions
}


def main(argv: list[str]) -> int:
    """Measure and write bench/out/report.md and report.json."""
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
