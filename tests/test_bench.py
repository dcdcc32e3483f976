"""The measurements run, on as little as possible."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import booking, live, pages, slots
from bench.__main__ import main
from bench.ground import prepared
from bench.report import Report
from bench.seed import Size


def test_every_part_measures_and_reports(tmp_path: Path) -> None:
    report, size = Report(), Size(counsellors=4, days=12, students=60)
    with prepared(size, pool=8) as ground:
        assert ground.sessions == size.sessions
        with report.part("Free times"):
            slots.measure(ground, report, seconds=0.05)
        with report.part("Pages"):
            pages.measure(ground, report, seconds=0.2)
        with report.part("Open pickers"):
            live.measure(ground, report, seconds=0.2, pickers=8, pause=0.1)
        with report.part("Booking"):
            booking.measure(ground, report, bookings=6, clients=4, volleys=1)
    page = report.write(tmp_path).read_text()
    assert "31 days of one counsellor" in page
    figures = {
        one["name"]: one
        for part in json.loads((tmp_path / "report.json").read_text())["parts"].values()
        for one in part
    }
    assert figures["deadlocks"]["value"] == figures["bookings refused or failed"]["value"] == 0
    assert figures["winners a volley"]["value"] == 1


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["slots", "nothing"])
