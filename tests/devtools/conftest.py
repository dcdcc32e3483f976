"""The app in demo mode, with a database where commits are real."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from tests.notifications.conftest import own_database, teach
from webapp import create_app
from webapp.config import Settings
from webapp.core.db import db, transaction
from webapp.core.jobs import get_redis
from webapp.notifications.transport import clear_mail


@pytest.fixture(scope="session")
def demo_settings(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return demo settings."""
    own = {"app_env": "demo", "database_url": own_database(settings, "dev"), "data_dir": tmp_path_factory.mktemp("dev")}
    return settings.model_copy(update=own)


@pytest.fixture(scope="session")
def demo_app(demo_settings: Settings) -> Iterator[Flask]:
    """Give the demo's app."""
    app = teach(create_app(demo_settings))
    yield app
    with app.app_context():
        db.engine.dispose()
        get_redis().close()


@pytest.fixture
def demo(demo_app: Flask, demo_settings: Settings) -> Iterator[Flask]:
    """Give the demo's app with no mail anywhere."""
    with demo_app.app_context():
        with transaction() as session:
            session.execute(text("truncate outbox_mails"))
        clear_mail(demo_settings)
        yield demo_app
        db.session.remove()
