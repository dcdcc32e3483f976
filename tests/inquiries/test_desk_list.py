"""The page of leads: what it shows, what a filter does to it, views, many at once, the file."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import NOW, make_user
from tests.inquiries.leads_world import DAY, make_lead, many_leads
from tests.inquiries.pages_world import LIST, Desk, words
from tests.queries import count_queries
from webapp.accounts.models import User
from webapp.core import clock
from webapp.core.csv_export import BYTE_ORDER_MARK
from webapp.core.db import db
from webapp.inquiries.models import Exam, Inquiry, InquiryStatus, LeadView


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def desk(app: Flask, admin: User) -> Desk:
    return Desk(app, admin)


def test_an_empty_desk_says_what_comes(desk: Desk) -> None:
    page = desk.page()
    assert "No open leads" in page
    assert 'href="/admin/leads/new"' in page
    assert "Nothing open matches this filter." in desk.page("?q=nobody")
    assert "status=all" in desk.page("?q=nobody")


def test_a_lead_with_its_urgency(desk: Desk) -> None:
    make_lead(name="Priyanka Ghosh", phone="+919831140276", rank=120400)
    make_lead(name="Late Answer", asked_at=NOW - 2 * DAY)
    make_lead(name="Late Call", status=InquiryStatus.CONTACTED, answered_at=NOW, follow_up_on=NOW.date() - 2 * DAY)
    page = desk.page()
    for said in (
        "Priyanka Ghosh", "+91 98311 40276", "Rank 1,20,400", "23 h left to answer", "Answer 24 h late", "2 days late",
        "3 leads",
    ):  # fmt: skip
        assert said in page, said


def test_htmx_gets_the_list_alone_with_its_address(desk: Desk) -> None:
    make_lead(exam=Exam.NEET)
    answer = desk.browser.get(f"{LIST}?q=&status=&exam=neet&assignee=", htmx=True)
    assert answer.headers["HX-Push-Url"] == "/admin/leads?exam=neet"
    assert words(answer).startswith('<section class="card" id="lead-list"')
    assert "Exam: NEET" in words(answer)


def test_filters_that_are_on_can_be_taken_off_one_by_one(desk: Desk, admin: User) -> None:
    gone = make_user(role="admin", name="Gone Girl", active=False)
    page = desk.page(f"?exam=neet&assignee={gone.public_id}&from=2026-12-01&overdue=1")
    for said in ("Exam: NEET", "Assignee: Gone Girl", "From Tue, 1 Dec", "Anything overdue", "Remove all"):
        assert said in page, said
    assert f'href="/admin/leads?assignee={gone.public_id}&amp;from=2026-12-01&amp;overdue=1"' in page


@pytest.mark.parametrize("path", ["", "/board"])
def test_values_that_mean_nothing_are_named(desk: Desk, path: str) -> None:
    make_lead(name="Still Here")
    page = desk.page(
        f"{path}?status=lost&exam=gate&from=x&to=2026-13-01&sort=name&overdue=9&assignee=me%27", status=422
    )
    for value in ("lost", "gate", "x", "2026-13-01", "name", "9", "me&#39;"):
        assert f"“{value}” is no" in page, value
    assert "Still Here" in page


def test_odd_text_is_no_error(desk: Desk) -> None:
    for text in ("%27%22%3C", "a" * 4000, "%F0%9F%98%80", ":*%26%7C", "+91", "INQ-2026-"):
        assert "No leads here" in desk.page(f"?q={text}"), text
    make_lead(name="<b>Bold</b>")
    assert "&lt;b&gt;Bold&lt;/b&gt;" in desk.page()


def test_pages_by_their_links(desk: Desk) -> None:
    many_leads(30)
    page = desk.page()
    assert "30 leads" in page
    assert page.count('<tbody id="lead-') == 25
    after = page.partition("/admin/leads?after=")[2].partition('"')[0]
    second = desk.page(f"?after={after}")
    assert second.count('<tbody id="lead-') == 5
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


def test_as_many_statements_for_many_leads_as_for_few(desk: Desk) -> None:
    many_leads(4)
    few = _statements(desk, "?status=all"), _statements(desk, "/board")
    many_leads(400)
    assert (_statements(desk, "?status=all"), _statements(desk, "/board")) == few


def _statements(desk: Desk, path: str) -> int:
    desk.page(path)
    db.session.expire_all()
    with count_queries() as seen:
        desk.page(path)
    return len(seen)


def test_the_open_lead_stands_beside_the_list(desk: Desk) -> None:
    lead = make_lead(name="Sana Parveen", message="Is a seat realistic?")
    page = desk.page(f"?open={lead.public_id}")
    assert '<aside class="drawer" id="lead-detail"' in page
    assert "“Is a seat realistic?”" not in page  # nobody wrote the line of asking in this test
    assert desk.page("?open=inquiry_nothing", status=404)


def test_a_view_is_kept_opened_and_deleted(desk: Desk, admin: User) -> None:
    make_lead(exam=Exam.NEET)
    assert "Keep this view" not in desk.page()
    assert "Keep this view" in desk.page("?exam=neet")
    answer = desk.post("/views", {"name": "  NEET,  mine ", "back": "exam=neet&open=inquiry_x"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/leads?exam=neet")
    view = db.session.scalars(select(LeadView)).one()
    assert (view.name, view.query, view.owner_id) == ("NEET, mine", "exam=neet", admin.id)
    assert 'href="/admin/leads?exam=neet" hx-get' in desk.page()
    assert "Delete this view" in desk.page("?exam=neet")
    assert desk.post(f"/views/{view.public_id}/delete").status_code == 303
    assert db.session.scalars(select(LeadView)).all() == []


@pytest.mark.parametrize(("name", "status"), [("", 422), ("x" * 61, 422), ("Taken", 409)])
def test_a_view_that_cannot_be_kept_stays_typed(desk: Desk, admin: User, name: str, status: int) -> None:
    db.session.add(LeadView(owner_id=admin.id, name="Taken", query=""))
    db.session.commit()
    page = words(desk.post("/views", {"name": name, "back": "exam=neet"}), status)
    assert 'aria-invalid="true"' in page
    assert f'value="{name}"' in page


def test_views_are_everybodys_own(app: Flask, desk: Desk) -> None:
    other = make_user(role="admin")
    view = LeadView(owner_id=other.id, name="Theirs", query="exam=neet")
    db.session.add(view)
    db.session.commit()
    assert "Theirs" not in desk.page("?exam=neet")
    assert desk.post(f"/views/{view.public_id}/delete").status_code == 404
    assert desk.post("/views/view_nothing/delete").status_code == 404


def test_many_at_once(desk: Desk, admin: User) -> None:
    nisha = make_user(role="admin", name="Nisha Verma")
    leads = [make_lead(), make_lead(), make_lead(status=InquiryStatus.CONVERTED)]
    ids = [lead.public_id for lead in leads]
    db.session.commit()
    answer = desk.post("/bulk", {"lead": ids, "assignee": nisha.public_id, "status": "closed", "back": "exam=jee-main"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/leads?exam=jee-main")
    page = desk.page()
    assert "3 leads assigned. 2 leads set to closed. 1 stayed as it was." in page
    found = db.session.scalars(select(Inquiry).order_by(Inquiry.id)).all()
    assert {lead.assignee_id for lead in found} == {nisha.id}
    assert [lead.status.value for lead in found] == ["closed", "closed", "converted"]
    assert desk.post("/bulk", {"lead": ids[:1], "assignee": "nobody", "status": "keep"}).status_code == 303
    db.session.expire_all()
    assert found[0].assignee_id is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({}, 303),
        ({"lead": "real", "assignee": "keep", "status": "keep"}, 303),
        ({"lead": ["real", "inquiry_nothing"], "status": "closed"}, 404),
        ({"lead": ["real", "'; drop"], "status": "closed"}, 404),
        ({"lead": "real", "assignee": "user_nobody"}, 422),
        ({"lead": "real", "assignee": "user_nobody", "status": "closed"}, 422),
        ({"lead": "real", "status": "lost"}, 422),
    ],
)
def test_many_at_once_or_none(desk: Desk, data: dict[str, object], status: int) -> None:
    lead = make_lead()
    db.session.commit()
    ids = data.get("lead")
    real = [lead.public_id if one == "real" else one for one in (ids if isinstance(ids, list) else [ids]) if one]
    assert desk.post("/bulk", {**data, "lead": real}).status_code == status
    db.session.refresh(lead)
    assert (lead.status, lead.version) == (InquiryStatus.NEW, 1)


def test_the_file_has_exactly_the_rows_of_the_filter(desk: Desk) -> None:
    make_lead(name='=cmd("x")', exam=Exam.NEET, follow_up_on=dt.date(2026, 12, 12), source="google")
    make_lead(name="Other Exam")
    make_lead(name="Closed", exam=Exam.NEET, status=InquiryStatus.CLOSED)
    db.session.commit()
    answer = desk.browser.export("leads", exam="neet")
    assert answer.status_code == 200
    text = answer.get_data(as_text=True).removeprefix(BYTE_ORDER_MARK)
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["Name"] == '\'=cmd("x")'
    assert (row["Exam"], row["Follow-up"], row["Source"], row["Asked"]) == (
        "NEET",
        "2026-12-12",
        "google",
        "2026-12-09 08:30",
    )
    assert desk.browser.export("leads", exam="gate").status_code == 422


def test_others_changes_are_announced_not_shown(desk: Desk, app: Flask) -> None:
    lead = make_lead()
    nisha = make_user(role="admin", name="Nisha Verma")
    db.session.commit()
    page = desk.page()
    hint = page.partition('id="lead-news"')[2].replace("&amp;", "&")
    asks = hint.partition('data-live-url="')[2].partition('"')[0]
    looks = hint.partition('hx-get="')[2].partition('"')[0]
    assert "HX-Trigger" not in desk.browser.get(asks).headers
    assert 'data-live-url="' in words(desk.browser.get(looks, htmx=True))
    with clock.frozen(NOW + dt.timedelta(minutes=1)):
        assert Desk(app, nisha).choose(lead, status="contacted").status_code == 200
    assert desk.browser.get(asks).headers["HX-Trigger"] == "leads-changed"
    assert "1 lead was changed</b> by Nisha Verma" in words(desk.browser.get(looks, htmx=True))
    assert words(desk.browser.get("/admin/leads/news?since=nonsense&back=%00", htmx=True))
