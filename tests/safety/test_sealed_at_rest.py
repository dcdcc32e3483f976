from __future__ import annotations

import dataclasses
import importlib.util
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.factories import make_user
from tests.pages import Browser
from webapp.config import ROOT
from webapp.core import clock
from webapp.core.db import transaction
from webapp.core.resealing import sealed_columns
from webapp.core.sealing import SealBroken, is_sealed, seal, unseal
from webapp.webhooks import delivery
from webapp.webhooks.keys import PURPOSE, ending_of, keep_secret, secret_of
from webapp.webhooks.models import AttemptStatus, WebhookDelivery, WebhookEndpoint
from webapp.webhooks.services import WebhookEvent, create_endpoint, emit

OLD, NEW = "another-secret-for-tests-only-of-enough-length", "n" * 40


@pytest.fixture
def keys(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a test change the configured keys, newest first."""

    def configure(*keys: str) -> None:
        changed = {"encryption_key": keys[0], "encryption_key_fallbacks": ",".join(keys[1:])}
        plain = {name: getattr(app.config["SETTINGS"], name) for name in type(app.config["SETTINGS"]).model_fields}
        monkeypatch.setitem(app.config, "SETTINGS", type(app.config["SETTINGS"]).model_validate({**plain, **changed}))

    return configure


def _endpoint(session: Session) -> tuple[WebhookEndpoint, str]:
    made = create_endpoint(
        actor=make_user(role="admin"), url="https://hooks.example/in", events=list(WebhookEvent), now=clock.now()
    )
    session.commit()
    return made


def _kept(session: Session, endpoint: WebhookEndpoint) -> str:
    return str(session.scalar(text("select secret from webhook_endpoints where id = :id"), {"id": endpoint.id}))


def test_the_database_alone_gives_no_webhook_secret_away(db_session: Session) -> None:
    endpoint, secret = _endpoint(db_session)
    kept = _kept(db_session, endpoint)
    assert is_sealed(kept)
    assert secret not in kept
    assert secret_of(endpoint) == secret


def test_every_column_of_sealed_texts_has_room(app: Flask) -> None:
    kept = {column.name for column in sealed_columns()}
    assert kept == {"webhook_endpoints.secret", "two_factors.secret", "idempotency_keys.answer"}
    for column in sealed_columns():
        with app.app_context():
            longest = len(seal("x" * 64, purpose=column.purpose))
        length = getattr(column.table.c[column.column].type, "length", None)
        assert length is None or length >= longest, column.name


def test_whoever_seals_has_said_which_column(app: Flask) -> None:
    """Else `flask reseal` would leave it behind, and it would be lost with the older key."""
    sealing = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "webapp").rglob("*.py")
        if re.search(r"import .*\bseal\b", file.read_text())
    }
    assert sealing == {
        "webapp/webhooks/keys.py",
        "webapp/accounts/second_step.py",
        "webapp/core/jsonapi/idempotency.py",
    }
    assert len(sealed_columns()) == len(sealing)


def test_a_broken_seal_is_a_calm_page(app: Flask, db_session: Session) -> None:
    def broken() -> str:
        raise SealBroken("nobody can open it")

    with app.test_request_context("/account"):
        answer = app.make_response(app.handle_user_exception(_raised(broken)))
    assert answer.status_code == 503
    assert "Nothing was lost" in answer.get_data(as_text=True)


def _raised(work: Callable[[], object]) -> Exception:
    try:
        work()
    except SealBroken as error:
        return error
    raise AssertionError


def test_reseal_closes_everything_with_the_newest_key(app: Flask, db_session: Session, keys: Any) -> None:
    endpoint, secret = _endpoint(db_session)
    before, changed_at = _kept(db_session, endpoint), endpoint.updated_at
    keys(NEW, OLD)
    done = app.test_cli_runner().invoke(args=["reseal"])
    assert done.exit_code == 0, done.output
    assert "webhook_endpoints.secret: 1 sealed anew, 0 already, 0 cannot be opened" in done.output
    assert "FALLBACKS may be emptied" in done.output
    db_session.expire_all()
    assert _kept(db_session, endpoint) != before
    assert endpoint.updated_at == changed_at
    keys(NEW)
    assert secret_of(endpoint) == secret
    again = app.test_cli_runner().invoke(args=["reseal"])
    assert "webhook_endpoints.secret: 0 sealed anew, 1 already, 0 cannot be opened" in again.output


def test_reseal_says_what_it_cannot_open_and_does_the_rest(app: Flask, db_session: Session, keys: Any) -> None:
    lost, _ = _endpoint(db_session)
    keys(NEW)
    other, _ = _endpoint(db_session)
    keys("newest" * 8, NEW)
    done = app.test_cli_runner().invoke(args=["reseal"])
    assert done.exit_code == 1
    assert "1 sealed anew, 0 already, 1 cannot be opened" in done.output
    assert "ENCRYPTION_KEY_FALLBACKS" in done.output
    keys("newest" * 8)
    db_session.expire_all()
    assert secret_of(other).startswith("whsec_")
    with pytest.raises(SealBroken):
        secret_of(lost)


def test_a_lost_key_stops_nobody_elses_webhooks(app: Flask, db_session: Session, keys: Any) -> None:
    lost, _ = _endpoint(db_session)
    keys(NEW)
    good, _ = _endpoint(db_session)
    assert ending_of(lost) == ""
    with transaction():
        emit(WebhookEvent.SESSION_BOOKED, {"sessionId": "s"}, dedupe_key="k", now=clock.now())
    claims = delivery.claim_due(clock.now(), began=delivery._database_time())
    letters = delivery.make_ready(claims, "Disha")
    assert [letter.endpoint_id for letter in letters] == [good.id]
    row = db_session.scalars(select(WebhookDelivery).where(WebhookDelivery.endpoint_id == lost.id)).one()
    assert row.status is AttemptStatus.PENDING
    assert row.due_at > clock.now()
    assert row.error == delivery.CANNOT_SIGN
    admin = Browser(app, make_user(role="admin"))
    db_session.commit()
    page = admin.get(f"/admin/webhooks/{lost.public_id}")
    assert page.status_code == 200
    assert "Cannot be opened. Make a new one." in page.get_data(as_text=True)


def _migration(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("migration", ROOT / "migrations" / "versions" / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def migration(db_session: Session) -> Iterator[ModuleType]:
    """Give the migration that seals, at work on the test's own connection."""
    with Operations.context(MigrationContext.configure(db_session.connection())):
        yield _migration("0014_sealed_webhooks.py")


def test_the_migration_seals_what_lay_open_and_leaves_the_rest(migration: ModuleType, db_session: Session) -> None:
    open_one, _ = _endpoint(db_session)
    sealed_one, secret = _endpoint(db_session)
    open_one.secret = "whsec_open"
    db_session.commit()
    before = _kept(db_session, sealed_one)
    migration.upgrade()
    db_session.expire_all()
    assert is_sealed(_kept(db_session, open_one))
    assert secret_of(open_one) == "whsec_open"
    assert _kept(db_session, sealed_one) == before
    migration.downgrade()
    assert [_kept(db_session, one) for one in (open_one, sealed_one)] == ["whsec_open", secret]


def test_a_secret_that_lies_open_signs_nothing(db_session: Session) -> None:
    endpoint, _ = _endpoint(db_session)
    endpoint.secret = "whsec_open"
    with pytest.raises(SealBroken):
        secret_of(endpoint)
    keep_secret(endpoint, "whsec_open")
    assert unseal(endpoint.secret, purpose=PURPOSE) == "whsec_open"


def test_no_letter_holds_the_secret() -> None:
    assert "secret" not in {field.name for field in dataclasses.fields(delivery.Letter)}
