"""In which order a run goes, and what it leaves alone.

What waits for processes and browsers comes first: the worker that has it waits while the others compute, and whoever
is done early takes from the end, where everything is short. Else the run ends with one worker at a long test.
"""

from __future__ import annotations

import gc

import pytest

from tests.servers import ROOT

LONGEST = (
    "tests/reliability/test_start_stop.py",
    "tests/bookings/test_reminders_reliability.py",
    "tests/reliability/",
    "tests/payments/test_property.py",
    "tests/notifications/test_reliability.py",
    "tests/core/test_embedded.py",
    "tests/core/test_supervisor.py",
    "tests/webhooks/test_reliability.py",
    "tests/exports/test_reliability.py",
    "tests/test_bench",
    "tests/bookings/test_rules_slots.py",
    "tests/bookings/test_life_property.py",
    "tests/safety/",
    "tests/accounts/test_timing.py",
    "tests/api/test_schemathesis.py",
    "tests/demo/",
    "tests/browser/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first; all else stays in its order."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    path = item.path.relative_to(ROOT).as_posix()
    return next((rank for rank, start in enumerate(LONGEST) if path.startswith(start)), len(LONGEST))


def pytest_collection_finish() -> None:
    """Let the collector of garbage never again look at thousands of tests and all the modules: they stay."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
