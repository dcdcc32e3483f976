"""Fixtures of these tests."""

from __future__ import annotations

from tests.crowd import crowded_app, rush

__all__ = ["crowded_app", "rush"]
