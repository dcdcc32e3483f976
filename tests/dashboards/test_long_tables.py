"""The desk's long tables ask the database the same number of questions at 10 rows and at 10,000."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.factories import make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role, User

FEW, MANY = 10, 10_000
FILL = {
    "/admin/leads": (
        """
        insert into lead_people (public_id, created_at)
        select 'person_' || n, now() from generate_series(cast(:first as int), cast(:last as int)) n
        """,
        """
        insert into inquiries (public_id, ticket_number, person_id, name, email, phone, email_key, phone_key, exam,
                               asked_at, answer_due_at)
        select 'inquiry_' || p.n, 'INQ-2026-' || lpad(p.n::text, 5, '0'), p.id, 'Lead ' || p.n,
               p.n || '@example.com', '+919800000000', p.n || '@example.com', p.n::text, 'neet',
               now() - p.n * interval '1 minute', now() + interval '1 day'
        from (select id, split_part(public_id, '_', 2)::int as n from lead_people) p
        where p.n between cast(:first as int) and cast(:last as int)
        """,
    ),
    "/admin/users": (
        """
        insert into users (public_id, email, name, password_hash, role, zone)
        select 'user_' || n, n || '@example.com', 'Person ' || n, 'x', 'student', 'Asia/Kolkata'
        from generate_series(cast(:first as int), cast(:last as int)) n
        """,
    ),
    "/admin/audit": (
        """
        insert into audit_entries (public_id, at, actor_kind, action, entity)
        select 'audit_' || n, now() - n * interval '1 minute', 'system', 'order.created', 'order'
        from generate_series(cast(:first as int), cast(:last as int)) n
        """,
    ),
}


@pytest.fixture
def admin(db_session: Session) -> User:
    return make_user(role=Role.ADMIN)


def _statements(app: Flask, admin: User, url: str) -> int:
    browser = Browser(app, admin)
    with count_queries() as asked:
        assert browser.get(url).status_code == 200
    return len(asked)


@pytest.mark.parametrize("url", list(FILL))
def test_ten_rows_cost_what_ten_thousand_cost(app: Flask, db_session: Session, admin: User, url: str) -> None:
    counts = []
    for first, last in ((1, FEW), (FEW + 1, MANY)):
        for statement in FILL[url]:
            db_session.execute(text(statement), {"first": first, "last": last})
        db_session.commit()
        counts.append(_statements(app, admin, url))
    assert counts[0] == counts[1] <= 16
