"""What `make` says on a machine that lacks something: one line that names it, and what to do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from webapp.config import ROOT

TOOLS = ("sh", "dirname", "cat")
OLD = '#!/bin/sh\ncase "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac\n'


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of programs with no Python in it."""
    for name in TOOLS:
        found = shutil.which(name)
        assert found
        (tmp_path / name).symlink_to(found)
    return tmp_path


def setup(folder: Path, **environ: str) -> str:
    done = subprocess.run(
        ["/bin/sh", str(ROOT / ".ci" / "setup")],
        env={"PATH": str(folder), **environ},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr.strip()


def test_no_python(bare: Path) -> None:
    said = "setup: Python 3.11 or newer is needed; found none. Give its path: make PYTHON=/path/to/python3"
    assert setup(bare) == said


def test_an_old_python(bare: Path) -> None:
    (bare / "python3").write_text(OLD)
    (bare / "python3").chmod(0o755)
    assert "found Python 3.9.2." in setup(bare)
    assert setup(bare, PYTHON="/no/python3") == "setup: PYTHON=/no/python3 is no Python 3.11 or newer."
    assert "PYTHON=python3 is no Python" in setup(bare, PYTHON="python3")
