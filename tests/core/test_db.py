from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import make_user
from webapp.accounts.models import User
from webapp.core.db import after_commit, db, transaction
from webapp.core.errors import DuplicateEntry, register_constraint

pytestmark = pytest.mark.usefixtures("db_session")


def test_hints_run_after_the_commit_and_only_then() -> None:
    seen: list[str] = []
    with transaction():
        after_commit(lambda: seen.append("told"))
        assert seen == []
    assert seen == ["told"]


def test_nothing_is_told_when_it_rolls_back() -> None:
    seen: list[str] = []

    def fail() -> None:
        with transaction():
            after_commit(lambda: seen.append("told"))
            raise KeyError("between")

    with pytest.raises(KeyError):
        fail()
    assert seen == []


def test_a_door_opens_exactly_one() -> None:
    with pytest.raises(RuntimeError, match="exactly one"), transaction(), transaction():
        pass


def test_a_get_never_changes_anything(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(RuntimeError, match="GET"), transaction():
        pass


def test_a_violated_constraint_becomes_the_error_its_feature_claimed(db_session: Session) -> None:
    register_constraint("uq_users_email_lower", lambda: DuplicateEntry("This address has an account."))
    make_user(email="twice@example.com")
    with pytest.raises(DuplicateEntry, match="has an account"), transaction():
        make_user(email="TWICE@example.com")
    count = select(func.count()).where(func.lower(User.email) == "twice@example.com")
    assert db_session.scalar(count) in {0, 1}  # the failed one is gone; the savepoint took the rest with it


def test_a_hint_outside_a_transaction_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="outside"):
        after_commit(lambda: None)


def test_get_bind_uses_an_autocommit_engine_only_for_reads(app: Flask) -> None:
    with app.test_request_context("/", method="POST"):
        assert db.session.get_bind() is db.engines[None]
