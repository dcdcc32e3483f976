"""Tests of mail: a mail's templates come from here, and some tests need rows that are really committed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import text
from sqlalchemy.engine import make_url

from tests.servers import new_database
from webapp import create_app
from webapp.config import Settings
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.core.jobs import get_redis
from webapp.notifications.services import queue_mail

TEMPLATES = {
    "email/greeting/subject.txt": "Hello {{ word }}\nand welcome",
    "email/greeting/body.txt": "Dear {{ recipient_name }},\n\n{{ word }} & more: {{ site_url }}\n",
    "email/greeting/body.html": '{% extends "email/_base.html" %}{% block main %}<h1>{{ word }}</h1>{% endblock %}',
    "email/broken/subject.txt": "{{ nobody.knows.this }}",
}


def teach(app: Flask) -> Flask:
    """Add the templates of these tests to an app."""
    loader = app.jinja_env.loader
    assert loader is not None
    app.jinja_env.loader = ChoiceLoader([DictLoader(TEMPLATES), loader])
    return app


def own_database(settings: Settings, suffix: str) -> str:
    """Make a database beside the one of ``settings``; return its address."""
    url = settings.database_url or ""
    return new_database(url, f"{make_url(url).database}_{suffix}")


@pytest.fixture(scope="session")
def mail_settings(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return settings with a database of its own, where tests may commit."""
    return settings.model_copy(
        update={"database_url": own_database(settings, "mail"), "data_dir": tmp_path_factory.mktemp("mail")}
    )


@pytest.fixture(scope="session")
def committing_app(mail_settings: Settings) -> Iterator[Flask]:
    """Give an app whose commits are real."""
    app = teach(create_app(mail_settings))
    yield app
    with app.app_context():
        db.engine.dispose()
        get_redis().close()


@pytest.fixture
def committing(committing_app: Flask) -> Iterator[Flask]:
    """Give the committing app inside its context, with an empty outbox and an empty mail folder."""
    with committing_app.app_context():
        with transaction() as session:
            session.execute(text("truncate outbox_mails"))
        for path in folder_of(committing_app).glob("*"):
            path.unlink()
        yield committing_app
        db.session.remove()


def folder_of(app: Flask) -> Path:
    """Return where an app's captured mail goes."""
    settings: Settings = app.config["SETTINGS"]
    settings.mail_dir.mkdir(parents=True, exist_ok=True)
    return settings.mail_dir


def put(number: int | str = 1, **more: Any) -> None:
    """Queue one greeting in a transaction of its own."""
    now = more.pop("now", None) or clock.now() - dt.timedelta(seconds=1)
    with transaction():
        queue_mail(**{**greeting(number, now), **more})


def put_many(count: int) -> None:
    """Queue many greetings in one transaction."""
    now = clock.now() - dt.timedelta(seconds=1)
    with transaction():
        for number in range(count):
            queue_mail(**greeting(number, now))


def greeting(number: int | str, now: dt.datetime) -> dict[str, Any]:
    """Return the arguments of `queue_mail` for one greeting."""
    return {
        "dedupe_key": f"greeting:{number}",
        "recipient": f"person{number}@example.com",
        "recipient_name": "Ananya Chatterjee",
        "template": "greeting",
        "context": {"word": "Namaste"},
        "now": now,
    }
