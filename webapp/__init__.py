"""Disha: the app factory, nothing else."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the app from settings (default: the environment's).

    Raises:
        SettingsError: the environment holds a value we cannot start with.
    """
    from webapp.assembly import assemble
    from webapp.config import load_settings

    return assemble(settings or load_settings())
