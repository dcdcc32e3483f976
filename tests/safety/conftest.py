"""An app as people reach it in production: by https, under one name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import CleanClient
from webapp import create_app
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.jobs import get_redis

HOST = "disha.example"


@pytest.fixture(scope="session")
def https_app(settings: Settings) -> Iterator[Flask]:
    """Give the app under test with an https address."""
    app = create_app(settings.model_copy(update={"base_url": f"https://{HOST}"}))
    app.test_client_class = CleanClient
    app.config["PREFERRED_URL_SCHEME"] = "https"
    yield app
    with app.app_context():
        db.engine.dispose()
        get_redis().close()


@pytest.fixture
def https(https_app: Flask, db_session: Session) -> Iterator[Flask]:
    """Give the https app on this test's own connection, so that it sees what the test made."""
    with on_connection(https_app, db_session):
        yield https_app


@contextmanager
def on_connection(app: Flask, db_session: Session) -> Iterator[Flask]:
    """Let another app work on a test's own connection; the test itself stays in its own app."""
    del db_session  # its fixture has put the connection where the engine was
    connection = cast(dict[str | None, Any], db.engines)[None]
    with app.app_context():
        engines = cast(dict[str | None, Any], db.engines)
    engine, engines[None] = engines[None], connection
    try:
        yield app
    finally:
        engines[None] = engine
