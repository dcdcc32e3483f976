"""Finds the system's Chromium and says how it is started; nothing is downloaded."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
ARGUMENTS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
)


def find_chromium() -> str:
    """Return the browser's path: the setting CHROMIUM, else the first known name there is."""
    named = os.environ.get("CHROMIUM")
    found = [named] if named else [path for path in map(shutil.which, NAMES) if path]
    found += [path for path in MAC if not named and Path(path).exists()]
    assert found, f"no browser found: install one of {', '.join(NAMES)}, or name it in CHROMIUM"
    return found[0]


def arguments() -> list[str]:
    """Return the command line; as root (in a container) the sandbox cannot be had."""
    return [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
