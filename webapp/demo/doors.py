"""Opens the doors of the demo: its commands. Granting a package and making an admin serve production, too."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.demo.cli import create_admin_command, enrol_command, seed_demo_command


def init_app(app: Flask, _settings: Settings) -> None:
    """Register `flask seed-demo`, `flask enrol` and `flask create-admin`."""
    for command in (seed_demo_command, enrol_command, create_admin_command):
        app.cli.add_command(command)
