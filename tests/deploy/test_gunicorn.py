"""Gunicorn's numbers are sane from one core to more than WEB_WORKERS allows."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest

from tests.deploy.reading import DEPLOY
from webapp.config import ROOT, Settings


@pytest.fixture
def conf(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    for name in ("WEB_WORKERS", "WEB_THREADS", "HOST", "PORT"):
        monkeypatch.delenv(name, raising=False)
    return runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))


@pytest.mark.parametrize(("cores", "workers"), [(1, 2), (2, 2), (8, 8), (64, 64), (256, 64)])
def test_a_worker_for_each_core(conf: dict[str, Any], cores: int, workers: int) -> None:
    assert conf["sizes"](cores) == (workers, 2)
    assert conf["database_connections"](cores) == workers * 2
    Settings.model_validate({"app_env": "demo", "web_workers": workers, "web_threads": 2})


def test_this_machine_gets_numbers_too(conf: dict[str, Any]) -> None:
    assert (conf["workers"], conf["threads"]) == conf["sizes"](conf["usable_cores"]())
    assert conf["worker_class"] == "gthread"
    assert conf["timeout"] > 30  # a statement may take that long
    assert conf["graceful_timeout"] <= conf["timeout"]
    assert conf["bind"] == "127.0.0.1:8000"


def test_settings_of_the_environment_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_WORKERS", "5")
    monkeypatch.setenv("WEB_THREADS", "3")
    conf = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
    assert (conf["workers"], conf["threads"]) == (5, 3)


def test_the_table_of_the_handbook_is_what_it_works_out(conf: dict[str, Any]) -> None:
    text = (ROOT / "docs" / "operating.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) GB \| (\d+) \|$", text, re.MULTILINE)
    assert [int(row[0]) for row in rows] == [1, 2, 4, 8, 16, 32, 64]
    for cores, workers, threads, memory, connections in rows:
        assert conf["sizes"](int(cores)) == (int(workers), int(threads))
        assert round(conf["memory_mb"](int(cores)) / 1000, 1) == float(memory)
        assert conf["database_connections"](int(cores)) == int(connections)
