"""The counsellor's brief says what the student wrote in the guidance form."""

from __future__ import annotations

import datetime as dt

from flask import Flask
from sqlalchemy.orm import Session

from tests.dashboards.test_admin_charts import lead
from tests.factories import make_counsellor, make_enrolment, make_session, make_user
from tests.pages import Browser
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.inquiries.models import Exam

NOW = dt.datetime(2026, 12, 9, 4, 0, tzinfo=dt.UTC)


def test_exam_rank_and_category_of_the_latest_inquiry(app: Flask, db_session: Session) -> None:
    person = make_user(role=Role.COUNSELLOR)
    student = make_user(name="Ananya Chatterjee", email="lead7@example.com")
    session = make_session(make_enrolment(student), make_counsellor(user=person), NOW + dt.timedelta(days=1))
    lead(7, NOW, exam=Exam.JEE_ADVANCED, rank=12045, category="OBC-NCL", message="Is <b>IIT Ropar</b> realistic?")
    lead(8, NOW, rank=99)  # somebody else's
    with clock.frozen(NOW):
        page = Browser(app, person).get(f"/counsellor/sessions/{session.public_id}/brief").get_data(as_text=True)
        outsider = Browser(app, make_user(role=Role.COUNSELLOR)).get(f"/counsellor/sessions/{session.public_id}/brief")
    for words in ("From the guidance form", "12,045", "OBC-NCL", "Is &lt;b&gt;IIT Ropar&lt;/b&gt; realistic?"):
        assert words in page
    assert outsider.status_code == 404


def test_without_an_inquiry_nothing_is_shown(app: Flask, db_session: Session) -> None:
    person = make_user(role=Role.COUNSELLOR)
    session = make_session(make_enrolment(make_user()), make_counsellor(user=person), NOW + dt.timedelta(days=1))
    with clock.frozen(NOW):
        page = Browser(app, person).get(f"/counsellor/sessions/{session.public_id}/brief").get_data(as_text=True)
    assert "From the guidance form" not in page
