"""Time limits of tests that measure: as written where the machine has time, longer where it has not."""

from __future__ import annotations

import os


def patience(seconds: float) -> float:
    """Return the limit, stretched by how many want each core now (the load of the last minute).

    A limit tells one who waits for nothing from one who works; on a crowded machine work takes longer.
    """
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
