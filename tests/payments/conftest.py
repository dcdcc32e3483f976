"""The shop of the tests of money, with a gateway in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.crowd import crowded_app, rush
from tests.payments.gateway_double import GatewayDouble
from tests.payments.world import Shop, make_shop
from webapp.payments.gateways import EXTENSION

__all__ = ["crowded_app", "double", "rush", "shop"]


@pytest.fixture
def double(app: Flask) -> Iterator[GatewayDouble]:
    """Put the gateway in memory in the place of the app's."""
    before = app.extensions.pop(EXTENSION, None)
    app.extensions[EXTENSION] = GatewayDouble()
    yield app.extensions[EXTENSION]
    app.extensions.pop(EXTENSION)
    if before is not None:
        app.extensions[EXTENSION] = before


@pytest.fixture
def shop(db_session: Session, double: GatewayDouble) -> Shop:
    """Give a student, things on sale and the gateway."""
    return make_shop(double)
