"""Every measurement runs, on as little as possible and on the servers of the tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from bench import booking, due, leads, live, pages, slots, webhooks
from bench.__main__ import PARTS, main
from bench.ground import ground_on
from bench.report import Report
from bench.seed import Size
from bench.server import serving
from tests.servers import new_database


def test_every_part_measures_and_reports(tmp_path: Path, servers: tuple[str, str]) -> None:
    report, size = Report(), Size(counsellors=4, days=12, students=60)
    database_url = new_database(servers[0], f"{make_url(servers[0]).database}_bench")
    with ground_on(database_url, servers[1], tmp_path, size, pool=8, workers=1) as ground:
        assert ground.sessions == size.sessions
        with report.part("Free times"):
            slots.measure(ground, report, seconds=0.02)
        with serving("wsgi:app", ground.environ) as server:
            with report.part("Pages"):
                pages.measure(ground, report, seconds=0.1, rounds=1, server=server)
            with report.part("Open pickers"):
                live.measure(ground, report, seconds=0.2, pickers=8, pause=0.1, rounds=1, server=server)
            with report.part("Webhooks of the gateway"):
                webhooks.measure(ground, report, seconds=0.2, server=server)
            with report.part("Leads at the desk"):
                leads.measure(ground, report, seconds=0.02, sizes=(30, 60), server=server)
        with report.part("Booking"):
            booking.measure(ground, report, bookings=6, clients=4, volleys=1)
        with report.part("What falls due"):
            due.measure(ground, report, sizes=(8, 16), due=2, reminded=2)
    assert sorted(report.parts) == sorted(title for title, _ in PARTS.values())
    page = report.write(tmp_path).read_text()
    assert "31 days of one counsellor" in page
    figures = {
        one["name"]: one
        for part in json.loads((tmp_path / "report.json").read_text())["parts"].values()
        for one in part
    }
    assert figures["deadlocks"]["value"] == figures["bookings refused or failed"]["value"] == 0
    assert figures["winners a volley"]["value"] == 1
    assert figures["text search: p95 of many ÷ few"]["value"] > 0
    assert figures["reminders a minute"]["value"] > 0


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["slots", "nothing"])
