from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import factories as make
from tests.pages import Browser
from webapp.accounts.models import Role, User
from webapp.audit.models import AuditEntry
from webapp.core.errors import NotFound
from webapp.exports.models import ExportFile, ExportStatus
from webapp.exports.registry import find_export, read_params, title_of

NOW = dt.datetime(2026, 12, 9, 4, 0, tzinfo=dt.UTC)


def test_a_filter_comes_from_the_address_without_the_place_in_the_list() -> None:
    pairs = [
        ("status", "new"),
        ("status", "closed"),
        ("page", "3"),
        ("after", "x"),
        ("q", "a\x00" + "b" * 400),
        ("e", ""),
    ]
    params = read_params(pairs, now=NOW, zone="Asia/Kolkata")
    assert params.as_json() == {"status": ["new", "closed"], "q": ["a" + "b" * 299]}
    assert params.get("status") == "new"
    assert params.now == NOW
    assert params.asked("status", "q", "none").keys() == {"status", "q"}


def test_a_flood_of_parameters_is_cut() -> None:
    assert (
        len(list(read_params([("a", str(n)) for n in range(1000)], now=NOW, zone="Asia/Kolkata").items(multi=True)))
        == 60
    )


def test_an_unknown_export_is_not_found() -> None:
    with pytest.raises(NotFound):
        find_export("nothing")
    assert title_of("old_things") == "Old things"


def test_a_short_export_is_the_answer_and_stands_in_the_log(app: Flask, db_session: Session) -> None:
    admin = make.make_user(role=Role.ADMIN)
    db_session.commit()
    answer = Browser(app, admin).submit("/admin/exports/new/payments?status=succeeded&page=2", page="/admin/exports")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="payments.csv"'
    assert answer.get_data(as_text=True).startswith("\ufeffArrived,Student")
    row = db_session.scalars(select(ExportFile)).one()
    assert (row.kind, row.params, row.status, row.owner_id) == (
        "payments",
        {"status": ["succeeded"]},
        ExportStatus.DONE,
        admin.id,
    )
    entry = db_session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.entity_id, entry.actor_id) == ("export.created", row.public_id, admin.id)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR, None])
def test_outsiders_get_no_file(app: Flask, db_session: Session, role: Role | None) -> None:
    user: User | None = make.make_user(role=role) if role else None
    db_session.commit()
    browser = Browser(app, user)
    answer = browser.client.post(
        "/admin/exports/new/payments", data={"csrf_token": browser.token("/account" if user else "/login")}
    )
    assert answer.status_code in (302, 303, 403)
    assert db_session.scalar(select(func.count()).select_from(ExportFile)) == 0


def test_a_get_or_a_missing_token_writes_nothing(app: Flask, db_session: Session) -> None:
    admin = make.make_user(role=Role.ADMIN)
    db_session.commit()
    browser = Browser(app, admin)
    assert browser.get("/admin/exports/new/payments").status_code in (404, 405)
    assert browser.client.post("/admin/exports/new/payments").status_code == 400
    assert browser.submit("/admin/exports/new/nothing", page="/admin/exports").status_code == 404
    assert db_session.scalar(select(func.count()).select_from(ExportFile)) == 0
