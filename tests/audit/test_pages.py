"""The page of the audit log, its filters and pages, and its words."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import make_counsellor, make_package, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.audit.history import history_about, history_of
from webapp.audit.models import ActorKind, AuditEntry
from webapp.audit.presenters import NOTHING, action_words, field_words, value_words
from webapp.audit.queries import AuditFilter, audit_page, every_entry, known_values
from webapp.core.db import db

AT = dt.datetime(2026, 12, 1, 4, 0, tzinfo=dt.UTC)
ZONE = "Asia/Kolkata"


@pytest.fixture
def admin(db_session: Session) -> User:
    user = make_user(role=Role.ADMIN, name="Rohan Mehta")
    db_session.commit()
    return user


def entry(number: int = 0, **columns: Any) -> AuditEntry:
    defaults: dict[str, Any] = {
        "at": AT + dt.timedelta(minutes=number),
        "actor_kind": ActorKind.ADMIN,
        "actor_id": 7,
        "actor_name": "Priya Nair",
        "action": "package.changed",
        "entity": "package",
        "entity_id": f"pkg_{number:04d}",
        "entity_label": f"Plan {number}",
        "changes": [{"field": "price", "before": 500_000, "after": 450_000, "personal": False}],
        "address": "203.0.113.9",
    }
    row = AuditEntry(**{**defaults, **columns})
    db.session.add(row)
    db.session.flush()
    return row


def page(browser: Browser, **query: str) -> str:
    answer = browser.get("/admin/audit?" + urlencode(query))
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def labels(html: str) -> list[str]:
    return re.findall(r">(Plan \d+)<", html)


class TestWords:
    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("price", 12_345_600, "₹1,23,456"),
            ("price", None, NOTHING),
            ("badge", "", NOTHING),
            ("is_active", True, "yes"),
            ("starts_at", "2026-12-12T05:00:00+00:00", "Sat, 12 Dec 2026, 10:30 AM IST"),
            ("follow_up_on", "2026-12-12", "Sat, 12 Dec 2026"),
            ("status", "no_show", "no show"),
            ("counsellors", ["Dr. Meera", "Sourav"], "Dr. Meera, Sourav"),
            ("package_id", 4, "JEE Complete"),
            ("package_id", 5, "no. 5"),
            ("weekday", 0, "Monday"),
            ("start_minute", 615, "10:15"),
            ("discount_value", 20, "20 %"),
            ("discount_value", 50_000, "₹500"),
            ("password_hash", "[hidden]", "hidden"),
            ("name", "<b>x</b>", "<b>x</b>"),
        ],
    )
    def test_values(self, field: str, value: object, words: str) -> None:
        assert value_words(field, value, {("package", 4): "JEE Complete"}, zone=ZONE) == words

    def test_names(self) -> None:
        assert action_words("availability_window.created") == "Availability window created"
        assert action_words("view_as.started") == "Began to look as this person"
        assert field_words("discount_price") == "Discount price"
        assert field_words("assigned_counsellor_id") == "Assigned counsellor"


class TestFilters:
    def test_each_one(self, app: Flask, admin: User) -> None:
        entry(1)
        entry(2, actor_id=admin.id, actor_name="Rohan Mehta")
        entry(3, entity="coupon", action="coupon.created")
        entry(4, at=AT + dt.timedelta(days=5))
        entry(5, reason="Diwali offer")
        entry(6, actor_kind=ActorKind.SYSTEM, actor_id=None, actor_name="")
        browser = Browser(app, admin)
        assert labels(page(browser, actor=admin.public_id)) == ["Plan 2"]
        assert labels(page(browser, actor="system")) == ["Plan 6"]
        assert labels(page(browser, entity="coupon")) == ["Plan 3"]
        assert labels(page(browser, action="coupon.created")) == ["Plan 3"]
        assert labels(page(browser, **{"from": "2026-12-05", "to": "2026-12-06"})) == ["Plan 4"]
        assert labels(page(browser, q="diw")) == ["Plan 5"]
        assert labels(page(browser, entity="package", id="pkg_0001")) == ["Plan 1"]
        assert len(labels(page(browser))) == 6

    @pytest.mark.parametrize(
        "query",
        [
            {"actor": "user_nobody"},
            {"action": "x" * 4000},
            {"entity": "'; drop"},
            {"q": "<script>!&|"},
            {"before": "audit_unknown"},
            {"after": "\x00"},
        ],
    )
    def test_nonsense_is_no_error(self, app: Flask, admin: User, query: dict[str, str]) -> None:
        entry(1)
        assert "<script>!" not in page(Browser(app, admin), **query)

    @pytest.mark.parametrize(
        "query", [{"from": "yesterday"}, {"to": "9999-99-99"}, {"from": "2026-12-09", "to": "2026-12-01"}]
    )
    def test_a_day_that_is_none_is_said(self, app: Flask, admin: User, query: dict[str, str]) -> None:
        assert 'data-tone="bad"' in page(Browser(app, admin), **query)


class TestPages:
    def test_there_and_back(self, db_session: Session) -> None:
        for number in range(7):
            entry(number)
        first = audit_page(AuditFilter(), limit=3)
        assert [row.entity_label for row in first.entries] == ["Plan 6", "Plan 5", "Plan 4"]
        assert first.newer is None
        second = audit_page(AuditFilter(), before=first.older or "", limit=3)
        last = audit_page(AuditFilter(), before=second.older or "", limit=3)
        assert [row.entity_label for row in last.entries] == ["Plan 0"]
        assert last.older is None
        back = audit_page(AuditFilter(), after=last.newer or "", limit=3)
        assert [row.entity_label for row in back.entries] == ["Plan 3", "Plan 2", "Plan 1"]
        assert audit_page(AuditFilter(), after=back.newer or "", limit=3).newer is None

    def test_the_same_instant_is_told_apart(self, db_session: Session) -> None:
        for number in range(4):
            entry(number, at=AT)
        first = audit_page(AuditFilter(), limit=2)
        second = audit_page(AuditFilter(), before=first.older or "", limit=2)
        assert [row.entity_label for row in (*first.entries, *second.entries)] == [
            "Plan 3",
            "Plan 2",
            "Plan 1",
            "Plan 0",
        ]

    def test_links_keep_the_filter(self, app: Flask, admin: User) -> None:
        for number in range(60):
            entry(number)
        html = page(Browser(app, admin), entity="package")
        older = re.search(r'href="([^"]+)"[^>]*rel="next"', html)
        assert older
        assert "entity=package&amp;before=audit_" in older.group(1)
        assert (
            len(
                labels(
                    page(
                        Browser(app, admin),
                        **dict(re.findall(r"(entity|before)=([^&]+)", older.group(1).replace("&amp;", "&"))),
                    )
                )
            )
            == 10
        )

    def test_as_many_statements_for_many_as_for_few(self, app: Flask, admin: User) -> None:
        package, meera = make_package(), make_counsellor()
        mention = [
            {"field": "package_id", "before": None, "after": package.id, "personal": False},
            {"field": "counsellor_id", "before": None, "after": meera.id, "personal": False},
        ]
        browser = Browser(app, admin)
        entry(1, changes=mention)
        db.session.commit()
        page(browser)
        with count_queries() as few:
            page(browser)
        for number in range(2, 120):
            entry(number, changes=mention, action=f"package.act{number % 9}")
        db.session.commit()
        with count_queries() as many:
            page(browser)
        assert len(many) == len(few)

    def test_batches_of_a_file_miss_nothing(self, db_session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("webapp.audit.queries.BATCH", 4)
        for number in range(10):
            entry(number, at=AT)
        rows = [row for rows in every_entry(AuditFilter()) for row in rows]
        assert [row.entity_label for row in rows] == [f"Plan {number}" for number in range(9, -1, -1)]

    def test_known_values(self, db_session: Session) -> None:
        assert known_values("action") == []
        for action in ("b.x", "a.x", "b.x", "c.x"):
            entry(1, action=action)
        assert known_values("action") == ["a.x", "b.x", "c.x"]
        with pytest.raises(ValueError, match="reason"):
            known_values("reason")


def test_the_page_shows_before_and_after(app: Flask, admin: User) -> None:
    entry(1, changes=[{"field": "name", "before": "<b>A</b>", "after": "B", "personal": True}], reason="Typing error")
    html = page(Browser(app, admin))
    assert "&lt;b&gt;A&lt;/b&gt;" in html
    assert '<span class="tag">personal</span>' in html
    assert "Typing error" in html
    assert "203.0.113.9" in html
    assert "Priya Nair" in html


def test_the_file_has_the_rows_of_the_filter(app: Flask, admin: User) -> None:
    entry(1)
    entry(2, entity="coupon", entity_label="=cmd()")
    answer = Browser(app, admin).submit("/admin/exports/new/audit?entity=coupon", page="/admin/audit")
    lines = answer.get_data(as_text=True).splitlines()
    assert lines[0].startswith("\ufeffWhen,Who,As,What")
    assert len(lines) == 2
    assert "'=cmd()" in lines[1]
    assert "Price: ₹5,000 → ₹4,500" in lines[1]


def test_history_of_one_thing(app: Flask, db_session: Session) -> None:
    entry(1, entity_id="pkg_a", subject_id=5)
    entry(2, entity_id="pkg_b")
    (line,) = history_of("package", "pkg_a", zone=ZONE)
    assert (line.action, line.changes[0].before, line.changes[0].after) == ("Package changed", "₹5,000", "₹4,500")
    assert [one.entity_id for one in history_about(5, zone=ZONE)] == ["pkg_a"]


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR])
def test_only_admins_read_it(app: Flask, db_session: Session, role: Role) -> None:
    outsider = make_user(role=role)
    db_session.commit()
    assert Browser(app, outsider).get("/admin/audit").status_code == 403
    assert Browser(app).get("/admin/audit").status_code == 302
