"""The world of the examples, at their hour."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.api.operations import Operation, operations
from tests.api.world import World, make_world
from tests.factories import NOW
from webapp.core import clock
from webapp.payments.gateways import EXTENSION


@pytest.fixture
def nine_thirty() -> Iterator[None]:
    """Have it be Wednesday, 9 December 2026, 9:30 in India."""
    with clock.frozen(NOW):
        yield


@pytest.fixture
def world(app: Flask, db_session: Session, nine_thirty: None) -> Iterator[World]:
    """Give everybody and everything that the examples name."""
    before = app.extensions.pop(EXTENSION, None)
    yield make_world(app)
    app.extensions.pop(EXTENSION)
    if before is not None:
        app.extensions[EXTENSION] = before


@pytest.fixture(scope="session")
def every(app: Flask) -> list[Operation]:
    """Give every operation of the document."""
    return operations(app)
