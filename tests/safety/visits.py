"""Every page of the demo, opened by whom it is for, as a page and as htmx would; many tests look at what came."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from werkzeug.datastructures import Headers

from tests.browser.demo import Demo
from tests.browser.pages import PAGES, VISITOR
from tests.browser.world import World
from tests.conftest import login
from webapp.accounts.models import User
from webapp.core import clock
from webapp.core.db import db
from webapp.demo.seed import seed_demo

DEVTOOLS = "/dev/"  # not part of the app under test


@dataclass(frozen=True, slots=True)
class Visit:
    """One answer to one request."""

    role: str
    address: str
    htmx: bool
    status: int
    headers: Headers
    text: str

    def __str__(self) -> str:
        return f"{self.role} {self.address}{' by htmx' if self.htmx else ''}: {self.status}"

    @property
    def is_html(self) -> bool:
        """Whether a browser would show it."""
        return self.headers.get("Content-Type", "").startswith("text/html")


class _Inside(World):
    """Writes on the connection of the test."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._password_hash = "no password fits"


@contextmanager
def unlimited(app: Flask) -> Iterator[None]:
    """Let one address ask as often as it likes."""
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"rate_limit_factor": 1000})
    try:
        yield
    finally:
        app.config["SETTINGS"] = settings


def visit_everything(app: Flask, *, htmx: bool = True) -> list[Visit]:
    """Fill the house with the demo and open every page of `tests.browser.pages`, with ``htmx`` a second time by it."""
    settings = app.config["SETTINGS"]
    seed_demo(db.session(), hash_password=lambda: "no password fits", settings=settings, now=clock.now())
    db.session.commit()
    demo, clients, visits = Demo(_Inside(app)), {}, []
    for role, template in PAGES:
        if template.startswith(DEVTOOLS):
            continue
        if role not in clients:
            clients[role] = app.test_client()
            if role != VISITOR and (person := demo.person(role)):
                login(clients[role], db.session.get_one(User, person.id))
        address = demo.address(template)
        for headers in ({}, {"HX-Request": "true", "HX-Request-Type": "partial"})[: 1 + htmx]:
            answer = clients[role].get(address, headers=headers)
            text = answer.get_data(as_text=True)
            visits.append(Visit(role, address, bool(headers), answer.status_code, answer.headers, text))
    return visits
