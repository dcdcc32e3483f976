"""One running Disha for all browser tests of a run: ``python -m webapp`` in demo mode, as ``make run`` is.

The first test that needs it starts ``python -m tests.browser.holder FOLDER``, which runs it on a fresh data
folder and a free port and ends it when the pipe in ``FOLDER`` closes (see `tests.servers`).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.core.supervised import Run, free_port
from tests.servers import ROOT, VARIABLE, wait_for_the_end

START_SECONDS = 240.0
HELD, READY = "held-app", "app.json"
OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "ENCRYPTION_KEY",
    "BASE_URL",
    "SMTP_HOST",
    "APP_ENV",
    "PORT",
    "DATA_DIR",
)


@dataclass(frozen=True, slots=True)
class RunningApp:
    """Where the app answers and keeps its data."""

    address: str
    data_dir: Path

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which a command works on this app's data."""
        port = self.address.rpartition(":")[2]
        return clean_environ() | {
            "APP_ENV": "demo",
            "PORT": port,
            "DATA_DIR": str(self.data_dir),
            "CHECK_KEPT_PIECES": "true",
        }


def clean_environ() -> dict[str, str]:
    """The environment without the settings of whoever runs the tests."""
    return {name: value for name, value in os.environ.items() if name not in OURS}


def running_app() -> RunningApp:
    """Return the app of this run; start it unless another worker did."""
    folder = Path(os.environ[VARIABLE])
    with (folder / "starting-app").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / READY).exists():
            _start(folder)
    note = json.loads((folder / READY).read_text())
    if note["problem"]:
        pytest.exit(f"the app does not start:\n{note['problem']}", returncode=3)
    return RunningApp(note["address"], Path(note["data_dir"]))


def _start(folder: Path) -> None:
    (folder / HELD).touch()
    with (folder / "holder-app.log").open("wb") as log:
        argv = [sys.executable, "-m", "tests.browser.holder", str(folder)]
        holder = subprocess.Popen(argv, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + START_SECONDS
    while not (folder / READY).exists():
        if holder.poll() is not None or time.monotonic() > deadline:
            text = (folder / "holder-app.log").read_text()
            pytest.exit(f"the app does not start:\n{text}", returncode=3)
        time.sleep(0.05)
    holder.returncode = 0  # not ours to wait for: it outlives this worker


def hold(folder: Path) -> None:
    """Run the app until the pipe in ``folder`` closes."""
    data_dir = Path(tempfile.mkdtemp(prefix="disha-app-"))
    address = f"http://127.0.0.1:{free_port()}"
    app = RunningApp(address, data_dir / "data")
    run = Run([sys.executable, "-m", "webapp"], data_dir / "log", app.environ)
    problem = ""
    try:
        run.wait_for("Disha is ready at", START_SECONDS - 10)
    except AssertionError as error:
        problem = str(error)
    note = folder / "app.new"
    note.write_text(json.dumps({"problem": problem, "address": address, "data_dir": str(app.data_dir)}))
    note.rename(folder / READY)
    wait_for_the_end(folder / "alive")
    run.process.terminate()
    try:
        run.process.wait(20)
    finally:
        run.end()
        shutil.rmtree(data_dir, ignore_errors=True)
        (folder / HELD).unlink(missing_ok=True)


if __name__ == "__main__":
    hold(Path(sys.argv[1]))
