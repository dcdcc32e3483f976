"""Marked places where a test may kill the process, to prove that a restart loses nothing."""

from __future__ import annotations

import os

from flask import current_app

VARIABLE = "DISHA_CRASH_AT"
KILLED = 137  # the exit status of a process ended by SIGKILL


def crash_point(name: str) -> None:
    """Do nothing; in the test and demo environments die here, at once, when DISHA_CRASH_AT names this place."""
    if os.environ.get(VARIABLE) != name:
        return
    if current_app.config["SETTINGS"].app_env != "production":
        os._exit(KILLED)
