"""The app under test on real servers: one migrated database a worker, one rolled-back transaction a test."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, has_app_context
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy.orm import Session

from tests.factories import make_login
from tests.forks import Forks
from tests.order import pytest_collection_finish, pytest_collection_modifyitems
from tests.rollback import rolled_back
from tests.servers import pytest_configure, pytest_unconfigure, servers
from webapp import create_app
from webapp.accounts.models import User
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.jobs import get_redis

__all__ = [
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_unconfigure",
    "servers",
]

NOW = dt.datetime(2026, 12, 9, 4, 0, tzinfo=dt.UTC)  # Wed, 9 Dec 2026, 9:30 AM IST


@pytest.fixture(scope="session")
def settings(servers: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the app under test."""
    database_url, redis_url = servers
    folder: Path = tmp_path_factory.mktemp("data")
    return Settings.model_validate(
        {
            "app_env": "test",
            "secret_key": "a-secret-for-tests-only-of-enough-length",
            "encryption_key": "another-secret-for-tests-only-of-enough-length",
            "base_url": "http://localhost",
            "payment_gateway": "sandbox",
            "database_url": database_url,
            "redis_url": redis_url,
            "data_dir": folder,
            "check_kept_pieces": True,  # whatever would be shown from before is made again and compared
        }
    )


class CleanClient(FlaskClient):
    """Begins every request with an empty ``g``, as a server does: the test's own context outlives requests."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request that knows nothing of the one before."""
        for name in list(g) if has_app_context() else ():
            g.pop(name)
        return super().open(*args, **kwargs)


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """Give the app, bound to this worker's own database and Redis."""
    app = create_app(settings)
    app.test_client_class = CleanClient
    yield app
    with app.app_context():
        db.engine.dispose()
        get_redis().close()


@pytest.fixture
def db_session(app: Flask) -> Iterator[Session]:
    """Give a session inside one transaction that is rolled back; commits become savepoints."""
    with rolled_back(app):
        get_redis().flushdb()
        app.extensions["pieces"].clear()
        app.extensions.pop("local_limits", None)  # what was counted while another test's Redis was away
        yield db.session()


@pytest.fixture
def redis(db_session: Session) -> Redis:
    """Return this worker's Redis, empty."""
    return get_redis()


@pytest.fixture
def client(app: Flask, db_session: Session) -> FlaskClient:
    """Return a browser without scripts. Forms need their token: use `tests.pages.Browser` for those."""
    return app.test_client()


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Give what starts warm processes, to be killed."""
    forks = Forks(tmp_path_factory.mktemp("forks") / "errors.log")
    yield forks
    forks.close()


@pytest.fixture
def now() -> dt.datetime:
    """Return the instant tests happen at: Wed, 9 Dec 2026, 9:30 AM IST."""
    return NOW


def login(client: FlaskClient, user: User) -> None:
    """Sign ``user`` in without the form."""
    row = make_login(user)
    db.session.commit()  # a refused request rolls back, and the login stays
    with client.session_transaction() as cookie:
        cookie["login"] = row.public_id
        cookie["_user_id"] = user.get_id()
        cookie["_fresh"] = True
