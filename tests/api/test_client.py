"""The document is usable: a typed client is made of it, and books a session with it."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from flask import Flask
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from tests.api.clean import clean
from tests.api.world import World
from webapp.api.spec import document
from webapp.core.jsonapi.examples import COUNSELLOR, ENROLMENT, PASSWORD, STUDENT_EMAIL

PACKAGE = "disha_client"


@pytest.fixture(scope="module")
def client_folder(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make the client and let it be imported."""
    folder = tmp_path_factory.mktemp("client")
    source = folder / "openapi.json"
    with app.app_context():
        source.write_text(app.json.dumps(document(app)))
    settings = ConfigFile(
        project_name_override="disha-client",
        package_name_override=PACKAGE,
        post_hooks=[],
        content_type_overrides={"application/pdf": "application/octet-stream"},  # it knows no other files
    )
    config = Config.from_sources(
        settings,
        MetaType.NONE,
        document_source=source,
        file_encoding="utf-8",
        overwrite=True,
        output_path=folder / PACKAGE,
    )
    problems = [f"{one.header} {one.detail}" for one in generate(config=config)]
    assert problems == []
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def part(path: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.{path}")


def over(app: Flask, made: Any) -> Any:
    """Have a client talk to the app itself, without a server."""
    transport = httpx.WSGITransport(app=clean(app))
    made.set_httpx_client(httpx.Client(base_url="http://localhost", transport=transport, headers=made._headers))
    return made


def test_every_operation_has_its_module(client_folder: Path, app: Flask) -> None:
    with app.app_context():
        names = {
            operation["operationId"]
            for item in document(app)["paths"].values()
            for operation in item.values()
            if isinstance(operation, dict) and "operationId" in operation
        }
    made = {path.stem for path in (client_folder / PACKAGE / "api").rglob("*.py")} - {"__init__"}
    assert names - made == set()


def test_from_signing_in_to_a_booked_session(client_folder: Path, app: Flask, world: World) -> None:
    models = part("models")
    anybody = over(app, part("client").Client(base_url="http://localhost"))
    login = part("api.auth.login").sync(
        client=anybody, body=models.LoginIn.from_dict({"email": STUDENT_EMAIL, "password": PASSWORD})
    )
    token = login.data.access_token
    signed_in = part("client").AuthenticatedClient(base_url="http://localhost", token=token)
    signed_in = over(app, signed_in.with_headers({"Authorization": f"Bearer {token}"}))

    slots = part("api.counsellors.list_slots").sync(
        COUNSELLOR, client=anybody, **_days(part("api.counsellors.list_slots"))
    )
    start = slots.data[0].starts_at
    booked = part("api.counselling_sessions.book_counselling_session").sync(
        client=signed_in,
        body=models.BookIn.from_dict(
            {
                "enrollmentId": ENROLMENT,
                "counsellorId": COUNSELLOR,
                "startsAt": start.isoformat(),
                "agenda": "Which NITs are in reach",
            }
        ),
    )
    assert type(booked).__name__ == "BookCounsellingSessionAnswer", booked
    assert booked.data.scheduled_date == start
    mine = part("api.counselling_sessions.list_my_sessions").sync(client=signed_in)
    assert booked.data.field_id in {row.field_id for row in mine.data}
    refused = part("api.auth.get_me").sync(client=anybody)
    assert refused.error.code == "UNAUTHORIZED"
    assert json.dumps(booked.to_dict())


def _days(module: ModuleType) -> dict[str, Any]:
    """The span of days, typed as the client's own signature has it."""
    import datetime as dt
    import inspect

    parameters = inspect.signature(module.sync).parameters
    first, last = dt.date(2026, 12, 14), dt.date(2026, 12, 15)
    return {name: day for name, day in (("start_date", first), ("end_date", last)) if name in parameters}
