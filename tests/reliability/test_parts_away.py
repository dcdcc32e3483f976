"""While the database is away everything is answered with a clear 503, whoever asks and by whatever door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import InternalError, OperationalError, PendingRollbackError

from webapp import create_app
from webapp.config import Settings
from webapp.core.access import allow
from webapp.core.db import db

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
pytestmark = pytest.mark.reliability


@pytest.fixture(scope="module")
def away(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Give an app whose database nobody answers for, with views that break in other ways."""
    folder: Path = tmp_path_factory.mktemp("nothing")
    address = f"postgresql+psycopg://nobody@/none?host={folder}"
    app = create_app(settings.model_copy(update={"database_url": address}))

    @app.get("/breaks/<kind>")
    @allow("public")
    def breaks(kind: str) -> str:
        raise {
            "begun": PendingRollbackError(),
            "cut": InternalError("select 1", None, Exception("gone"), connection_invalidated=True),
            "ours": InternalError("select 1", None, Exception("wrong")),
        }[kind]

    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    "path", ["/", "/packages", "/student", "/admin", "/book/counsellor_x", "/sandbox/checkout/order_x"]
)
def test_pages_say_so_to_visitors_and_to_who_is_signed_in(away: Flask, path: str) -> None:
    client = away.test_client()
    for signed_in in (False, True):
        if signed_in:
            with client.session_transaction() as cookie:
                cookie.update(login="login_x", _user_id="user_x", _fresh=True)
        answer = client.get(path)
        if answer.status_code == 302 and not signed_in:
            continue  # who is not signed in needs no database to be told so
        if answer.status_code == 404:
            continue  # the sandbox keeps its books elsewhere
        assert answer.status_code == 503, path
        assert answer.headers["Retry-After"] == "5"
        assert "Nothing was lost" in answer.text
        assert "</html>" in answer.text


def test_a_partial_and_a_form_say_so_in_place(away: Flask) -> None:
    client = away.test_client()
    with client.session_transaction() as cookie:
        cookie.update(login="login_x", _user_id="user_x", _fresh=True)
    for answer in (client.get("/student", headers=HTMX), client.post("/book/counsellor_x", headers=HTMX)):
        assert answer.status_code in {400, 503}
        assert "<html" not in answer.text
    assert client.get("/student", headers=HTMX).headers["Retry-After"] == "5"


def test_a_program_is_told_by_code(away: Flask) -> None:
    answer = away.test_client().get("/api/v1/counselling-packages")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json is not None
    assert answer.json["error"]["code"] == "SERVICE_UNAVAILABLE"


def test_readiness_says_no_and_metrics_go_on(away: Flask) -> None:
    assert away.test_client().get("/readyz").status_code == 503
    assert away.test_client().get("/healthz").status_code == 503


@pytest.mark.parametrize("kind", ["begun", "cut"])
def test_a_connection_that_breaks_on_the_way_is_an_absence_too(away: Flask, kind: str) -> None:
    assert away.test_client().get(f"/breaks/{kind}").status_code == 503


def test_a_mistake_of_ours_is_not(away: Flask) -> None:
    assert away.test_client().get("/breaks/ours").status_code == 500
    assert not isinstance(InternalError("", None, Exception()), OperationalError)
