"""Disha: the app factory, nothing else."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from webapp.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the app from settings (default: the environment's).

    Raises:
        SettingsError: the environment holds a value we cannot start with.
    """
    with _nothing_to_collect():
        from webapp.assembly import assemble
    from webapp.config import load_settings

    return assemble(settings or load_settings())


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """Import without the garbage collector: modules stay for good, looking through them is a fifth of the start."""
    if "webapp.assembly" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
