"""An app as people reach it in production: by https, under one name."""

from __future__ import annotations

from collections.abc import Iterator
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
    connection = db_session.connection()
    with https_app.app_context():
        engines = cast(dict[str | None, Any], db.engines)
        engine = engines[None]
        engines[None] = connection
        try:
            yield https_app
        finally:
            db.session.remove()
            engines[None] = engine
