"""Tests of webhooks: a receiver of our own, and an app whose commits are real."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from tests.servers import new_database
from tests.webhooks.receiver import Receiver, receiving
from webapp import create_app
from webapp.config import Settings
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.core.jobs import get_redis
from webapp.webhooks.models import WebhookDelivery, WebhookEndpoint
from webapp.webhooks.services import WebhookEvent, create_endpoint, emit

ALL = [event.value for event in WebhookEvent]
BOOKED = WebhookEvent.SESSION_BOOKED


class Admin:
    """An admin without an account."""

    id = None
    role = "admin"


ADMIN: Any = Admin()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Give a running receiver."""
    with receiving() as running:
        yield running


@pytest.fixture(scope="session")
def hook_settings(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return settings with a database of its own, where tests may commit."""
    url = settings.database_url or ""
    database = new_database(url, f"{make_url(url).database}_hooks")
    return settings.model_copy(update={"database_url": database, "data_dir": tmp_path_factory.mktemp("hooks")})


@pytest.fixture(scope="session")
def committing_app(hook_settings: Settings) -> Iterator[Flask]:
    """Give an app whose commits are real."""
    app = create_app(hook_settings)
    yield app
    with app.app_context():
        db.engine.dispose()
        get_redis().close()


@pytest.fixture
def committing(committing_app: Flask) -> Iterator[Flask]:
    """Give the committing app inside its context, without endpoints."""
    with committing_app.app_context():
        get_redis().flushdb()
        with transaction() as session:
            session.execute(text("truncate webhook_endpoints cascade"))
        yield committing_app
        db.session.remove()


def add_endpoint(url: str, events: list[str] | None = None) -> str:
    """Add an endpoint in a transaction of its own; return its public id."""
    with transaction():
        endpoint, _secret = create_endpoint(actor=ADMIN, url=url, events=events or ALL, now=clock.now())
        return endpoint.public_id


def tell(number: int | str = 1, event: str = BOOKED, *, now: dt.datetime | None = None) -> int:
    """Emit one event in a transaction of its own; return how many endpoints are told."""
    with transaction():
        return emit(
            event,
            {"sessionId": f"session_{number}"},
            dedupe_key=f"{event}:{number}",
            now=now or clock.now() - dt.timedelta(seconds=1),
        )


def deliveries() -> list[WebhookDelivery]:
    """Return all deliveries as they are in the database."""
    with transaction() as session:
        found = list(session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)))
        session.expunge_all()
    return found


def states() -> list[str]:
    """Return the states of all deliveries."""
    return [one.status.value for one in deliveries()]


def endpoint_of(public_id: str) -> WebhookEndpoint:
    """Return an endpoint as it is in the database."""
    with transaction() as session:
        found = session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.public_id == public_id)).one()
        session.expunge_all()
    return found


def pass_time(pause: dt.timedelta) -> None:
    """Let everything have happened earlier."""
    with transaction() as session:
        session.execute(
            text(
                "update webhook_deliveries set due_at = due_at - :pause, claimed_at = claimed_at - :pause,"
                " first_tried_at = first_tried_at - :pause"
            ),
            {"pause": pause},
        )
        session.execute(text("update webhook_endpoints set rest_until = rest_until - :pause"), {"pause": pause})
