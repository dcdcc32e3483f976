"""The README's way from login to a booked session, run as it is written."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.browser.holder import RunningApp, clean_environ
from tests.servers import ROOT

TITLE = "## From login to a booked session with curl"


def commands() -> str:
    """Return the section's commands."""
    section = (ROOT / "README.md").read_text().partition(TITLE)[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


def test_the_commands_book_a_session(running: RunningApp, tmp_path: Path) -> None:
    environ = {**clean_environ(), "API": f"{running.address}/api/v1"}
    done = subprocess.run(
        ["sh", "-eu"],
        input=commands(),
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    booked = json.loads(done.stdout)["data"]
    assert booked["status"] in ("scheduled", "requested")
    assert booked["agenda"] == "Which NITs are within reach"
