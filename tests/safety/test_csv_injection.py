"""No file of ours runs in a spreadsheet: every CSV route, with every text of the house turned into a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import String, Text, select, text
from sqlalchemy.exc import DBAPIError

from tests.pages import Browser
from tests.rollback import rolled_back
from tests.safety.visits import unlimited
from webapp.accounts.models import User
from webapp.core import clock
from webapp.core.csv_export import STARTS_A_FORMULA
from webapp.core.db import db, transaction
from webapp.counsellors.models import Counsellor
from webapp.dashboards.admin.charts.pages import TABLES
from webapp.demo.seed import seed_demo
from webapp.exports import registry
from webapp.inquiries.importing.services import take_file
from webapp.webhooks.services import WebhookEvent, create_endpoint, send_test

FORMULA = "=HYPERLINK(1)"
TYPED = re.compile(
    r"name|title|text|message|note|agenda|reason|description|city|state|referrer|utm|bio|label|comment|subject"
    r"|detail|filename|reference|location|error|ip$|user_agent|topic|body|answer"
)
NOT_TYPED = re.compile(r"status|kind|zone|public_id|_hash|slug|url|template$|column")
NUMBER = re.compile(r"-?\d+(\.\d+)?%?")
CSV_ROUTES = {
    "admin.chart_csv", "earnings.mine_csv", "exports.file", "lead_imports.problems", "lead_imports.template",
}  # fmt: skip


@pytest.fixture(scope="module")
def house(app: Flask) -> Iterator[Flask]:
    """A full house in which people typed nothing but formulas."""
    with rolled_back(app), unlimited(app):
        settings = app.config["SETTINGS"]
        seed_demo(db.session(), hash_password=lambda: "no password fits", settings=settings, now=clock.now())
        db.session.commit()
        assert _type_formulas() > 30
        db.session.expire_all()
        yield app


def _type_formulas() -> int:
    """Put a formula in front of every text people type; return how many columns took it."""
    changed = 0
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            typed = (
                type(column.type) in (String, Text) and TYPED.search(column.name) and not NOT_TYPED.search(column.name)
            )
            if not typed or column.foreign_keys or column.unique:
                continue
            room = getattr(column.type, "length", None) or 500
            try:
                with db.session.begin_nested():
                    done = db.session.execute(
                        text(f"update {table.name} set {column.name} = left(:formula || {column.name}, :room)"
                             f" where {column.name} <> ''"),
                        {"formula": FORMULA, "room": room},
                    )  # fmt: skip
                    changed += bool(done.rowcount)  # type: ignore[attr-defined]
            except DBAPIError:
                continue  # a rule of the table's forbids it: such a text cannot be there
    db.session.commit()
    return changed


def _browser(app: Flask, email: str) -> Browser:
    return Browser(app, db.session.scalars(select(User).where(User.email == email)).one())


def _dangerous(content: str) -> list[str]:
    rows = list(csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline="")))
    assert rows
    return [
        cell
        for row in rows
        for cell in row
        if cell.lstrip().startswith(STARTS_A_FORMULA) and not NUMBER.fullmatch(cell)
    ]


def test_every_route_that_answers_csv_is_tried(app: Flask) -> None:
    found = {
        rule.endpoint for rule in app.url_map.iter_rules() if "csv" in rule.rule or rule.endpoint == "exports.file"
    }
    assert {name for name in found if not name.startswith("api")} == CSV_ROUTES


def test_every_table_of_the_desk(house: Flask) -> None:
    admin, neutral = _browser(house, "admin@demo.test"), []
    meera = db.session.scalars(select(Counsellor.public_id).order_by(Counsellor.id).limit(1)).one()
    asked = {"deliveries": {"endpoint": _told()}, "earnings": {"counsellor": meera, "period": "all"}}
    assert len(registry._registered) > 8
    for kind in sorted(registry._registered):
        answer = admin.export(kind, **asked.get(kind, {}))
        assert answer.status_code == 200, (kind, answer.status_code)
        content = answer.get_data(as_text=True)
        assert _dangerous(content) == [], kind
        neutral += [kind] * (f"'{FORMULA}" in content)
    assert len(neutral) > len(registry._registered) / 2, neutral


def _told() -> str:
    """An endpoint with a delivery."""
    admin, now = db.session.scalars(select(User).where(User.email == "admin@demo.test")).one(), clock.now()
    with transaction():
        made, _ = create_endpoint(
            actor=admin,
            url="https://hooks.example/x",
            events=[WebhookEvent.SESSION_BOOKED],
            description=FORMULA,
            now=now,
        )
        send_test(actor=admin, endpoint_id=made.public_id, now=now)
        return made.public_id


def test_charts_and_earnings(house: Flask) -> None:
    admin, counsellor = _browser(house, "admin@demo.test"), _browser(house, "counsellor@demo.test")
    files = [admin.get(f"/admin/charts/{name}.csv").get_data(as_text=True) for name in TABLES]
    files.append(
        counsellor.submit("/counsellor/earnings.csv?period=all", page="/counsellor/earnings").get_data(as_text=True)
    )
    for content in files:
        assert content.startswith("\ufeff")
        assert _dangerous(content) == []


def test_files_of_imports(house: Flask) -> None:
    admin = db.session.scalars(select(User).where(User.email == "admin@demo.test")).one()
    content = f"Name,Mail,Phone,Exam\n{FORMULA},{FORMULA},+91{FORMULA},@NEET\n".encode()
    with transaction():
        made = take_file(actor=admin, filename="=fair.csv", content=content).public_id
    browser = _browser(house, "admin@demo.test")
    for path in (f"/admin/leads/import/{made}/problems.csv", "/admin/leads/import/template.csv"):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert _dangerous(answer.get_data(as_text=True)) == [], path


@pytest.mark.parametrize("who", ["student@demo.test", "counsellor@demo.test"])
def test_the_copy_of_ones_own_data(house: Flask, who: str) -> None:
    answer = _browser(house, who).submit("/account/data", {}, page="/account")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as copy:
        tables = [name for name in copy.namelist() if name.endswith(".csv")]
        assert len(tables) > 3
        for name in tables:
            assert _dangerous(copy.read(name).decode()) == [], name


def test_a_file_is_saved_and_never_shown(house: Flask) -> None:
    answer = _browser(house, "admin@demo.test").export("users")
    assert answer.get_data()
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
