"""Every measurement runs, on as little as possible and on the servers of the tests."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy.engine import make_url

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
from bench.__main__ import PARTS, main
from bench.ground import ground_on
from bench.report import Report
from bench.seed import Size
from bench.server import serving
from tests.servers import new_database


def test_every_part_measures_and_reports(
    tmp_path: Path, servers: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report, size = Report(), Size(counsellors=4, days=12, students=60)
    database_url = new_database(servers[0], f"{make_url(servers[0]).database}_bench")
    with ground_on(database_url, servers[1], tmp_path, size, pool=8, workers=1) as ground:
        assert ground.sessions == size.sessions
        with report.part("Free times"):
            slots.measure(ground, report, seconds=0.02)
        with serving("wsgi:app", {**ground.environ, **api.NO_LIMITS}) as server:
            with report.part("Endpoints"):
                api.measure(ground, report, seconds=0.1, rounds=1, server=server)
            with report.part("Pages"):
                pages.measure(ground, report, seconds=0.1, rounds=1, server=server)
            with report.part("Open pickers"):
                live.measure(ground, report, seconds=0.2, pickers=8, pause=0.1, rounds=1, server=server)
            with report.part("Week of results"):
                monkeypatch.setattr(week, "OUT", tmp_path)
                week.measure(
                    ground, report, number=8, replayed=0.8, shares=(0.2,), pages=20_000, bookings=6, server=server
                )
            with report.part("Webhooks of the gateway"):
                webhooks.measure(ground, report, seconds=0.2, server=server)
            with report.part("Leads at the desk"):
                leads.measure(ground, report, seconds=0.02, sizes=(30, 60), server=server)
            with report.part("Booking by POST"):
                booking_http.measure(ground, report, bookings=4, clients=2, rush=4, volleys=1, server=server)
            with report.part("Growth"):
                sizes = {n: growth.ask_all(ground, seconds=0.02, number=n, server=server) for n in (1, 2)}
                growth.compare(report, {name: {n: sizes[n][name] for n in sizes} for name in sizes[1]})
        with report.part("Signing in"):
            monkeypatch.setattr(signin, "SECONDS", 0.2)
            signin.measure(ground, report)
        with report.part("Start and memory"):
            standing.measure(ground, report, seconds=0.1, starts=1)
        with report.part("Booking in one process"):
            booking.measure(ground, report, bookings=6, clients=4, volleys=1)
        with report.part("Mails"):
            mails.measure(ground, report, sessions=2, senders=(1,))
        with report.part("What falls due"):
            due.measure(ground, report, sizes=(8, 16), due=2, reminded=2)
    assert sorted(report.parts) == sorted(title for title, _ in PARTS.values())
    page = report.write(tmp_path).read_text()
    assert "31 days of one counsellor" in page
    for plot in ("aims", "growth", "rates", "mails"):
        assert f"![{plot}]({plot}.svg)" in page
        assert ET.parse(tmp_path / f"{plot}.svg").getroot().tag.endswith("svg")
    figures = {
        one["name"]: one
        for part in json.loads((tmp_path / "report.json").read_text())["parts"].values()
        for one in part
    }
    assert figures["deadlocks"]["value"] == figures["bookings refused or failed"]["value"] == 0
    assert figures["winners a volley"]["value"] == figures["winners a volley, by POST"]["value"] == 1
    assert figures["bookings by POST that failed"]["value"] == 0
    assert figures["text search: p95 of many ÷ few"]["value"] > 0
    assert figures["reminders a minute"]["value"] > 0
    assert figures["web cores to plan with"]["value"] > 0
    assert set(json.loads((tmp_path / "week.json").read_text())["costs"]) >= {"landing", "booking"}


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["slots", "nothing"])
