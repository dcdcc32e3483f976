"""One lead: its page, what is written down, correcting it, making a student of it; and who may not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories import NOW, make_package, make_user
from tests.inquiries.desk import ask
from tests.inquiries.leads_world import make_lead
from tests.inquiries.pages_world import LIST, Desk, words
from tests.pages import Browser
from webapp.accounts.models import User
from webapp.core import clock
from webapp.core.db import db
from webapp.enrolments.models import Enrolment
from webapp.inquiries.models import EventKind, Inquiry, InquiryEvent, InquiryStatus, LeadView
from webapp.notifications.models import OutboxMail


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def desk(app: Flask, admin: User) -> Desk:
    return Desk(app, admin)


def test_the_page_tells_everything(desk: Desk) -> None:
    first = ask(message="What does it cost?", now=NOW.replace(day=1))
    lead = ask(utm_source="google", utm_campaign="josaa", source="google", referrer="https://www.google.com/")
    page = desk.page(f"/{lead.public_id}")
    for said in (
        "Rohan Das", lead.ticket_number, "JEE Main, rank 12,345", "OBC-NCL, West Bengal", "+91 98300 41270",
        "Google / josaa", "24 h left to answer", "“Is ECE at Durgapur better than Mechanical at Jadavpur?”",
        f"Asked before: {first.ticket_number}",
    ):  # fmt: skip
        assert said in page, said
    assert f'href="/admin/leads/{first.public_id}"' in page
    drawer = desk.page(f"/{lead.public_id}?back=exam%3Dneet", htmx=True)
    assert drawer.startswith('<aside class="drawer" id="lead-detail"')
    assert 'href="/admin/leads?exam=neet"' in drawer


def test_what_is_written_down(desk: Desk) -> None:
    lead = ask()
    note = words(desk.post(f"/{lead.public_id}/note", {"text": "<i>Mother</i> calls", "at": "page"}, htmx=True))
    assert "&lt;i&gt;Mother&lt;/i&gt; calls" in note
    call = {"outcome": "reached", "text": "Wants papers explained", "at": "drawer", "back": f"open={lead.public_id}"}
    answer = desk.post(f"/{lead.public_id}/call", call)
    assert answer.headers["Location"] == f"/admin/leads?open={lead.public_id}"
    mail = {"subject": "Your question", "text": "ECE, if you like it.", "at": "page"}
    assert desk.post(f"/{lead.public_id}/mail", mail).headers["Location"] == f"/admin/leads/{lead.public_id}"
    page = desk.page(f"/{lead.public_id}")
    assert "Call: reached. Status: New → Contacted. Wants papers explained" in page
    assert "Mail sent: Your question. ECE, if you like it." in page
    assert "Answered after 1 min" in page
    reply = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "inquiry_reply")).one()
    assert (reply.recipient, reply.context["subject"]) == ("rohan.das@example.com", "Your question")


@pytest.mark.parametrize("how", [("page", True), ("page", False), ("drawer", True), ("drawer", False)])
@pytest.mark.parametrize(
    ("kind", "data", "kept"),
    [
        ("note", {"text": "  "}, ""),
        ("note", {"text": "n" * 5001}, "n" * 5001),
        ("call", {"outcome": "sang", "text": "la la"}, "la la"),
        ("mail", {"subject": "", "text": "Dear Rohan"}, "Dear Rohan"),
    ],
)
def test_what_cannot_be_written_stays_typed(
    desk: Desk, kind: str, data: dict[str, str], kept: str, how: tuple[str, bool]
) -> None:
    lead, (at, htmx) = ask(), how
    sent = {**data, "at": at, "back": f"open={lead.public_id}" if at == "drawer" else ""}
    page = words(desk.post(f"/{lead.public_id}/{kind}", sent, htmx=htmx), 422)
    assert 'aria-invalid="true"' in page
    assert f'id="write-{kind}" open' in page
    assert kept in page
    kinds = db.session.scalars(select(InquiryEvent.kind)).all()
    assert set(kinds) == {EventKind.CREATED}


def correct(lead: Inquiry, **changes: str) -> dict[str, str]:
    return {
        "version": str(lead.version), "name": lead.name, "email": lead.email, "phone": lead.phone,
        "exam": lead.exam.value, "rank": "", "category": "", "state": "", "message": "", **changes,
    }  # fmt: skip


def test_correcting(desk: Desk) -> None:
    lead = ask()
    assert 'value="rohan.das@example.com"' in desk.page(f"/{lead.public_id}/edit")
    sent = correct(lead, name="Rohan Dasgupta", back=f"open={lead.public_id}&exam=jee-main")
    answer = desk.post(f"/{lead.public_id}/edit", sent)
    assert answer.headers["Location"] == f"/admin/leads?exam=jee-main&open={lead.public_id}"
    assert "Name: Rohan Das → Rohan Dasgupta" in desk.page(f"/{lead.public_id}")


def test_correcting_wrongly_keeps_what_was_typed(desk: Desk) -> None:
    lead = ask()
    sent = correct(lead, email="nonsense", phone="12", exam="gate", rank="many", name="x" * 4000)
    page = words(desk.post(f"/{lead.public_id}/edit", sent), 422)
    assert "5 fields need a look." in page
    assert 'value="nonsense"' in page


def test_correcting_after_somebody_else(app: Flask, desk: Desk) -> None:
    lead = ask()
    nisha = make_user(role="admin", name="Nisha Verma")
    db.session.commit()
    sent = correct(lead, name="Mine")
    Desk(app, nisha).post(f"/{lead.public_id}/edit", correct(lead, state="Assam"))
    page = words(desk.post(f"/{lead.public_id}/edit", sent), 409)
    assert "Nisha Verma changed this lead while you had it open." in page
    assert "Home state: Assam" in page
    assert 'value="Mine"' in page
    db.session.refresh(lead)
    assert lead.name == "Rohan Das"
    assert desk.post(f"/{lead.public_id}/edit", {**sent, "version": str(lead.version)}).status_code == 303


def test_a_lead_by_hand(desk: Desk) -> None:
    desk.page("/new")
    wrong = words(desk.post("/new", {"name": "", "email": "x", "source": "fair"}), 422)
    assert 'value="fair"' in wrong
    good = {"name": "Zoya Khan", "email": "zoya@example.com", "phone": "98300 11111", "exam": "neet", "source": "fair"}
    assert desk.post("/new", good).status_code == 303
    lead = db.session.scalars(select(Inquiry)).one()
    assert (lead.name, lead.source, lead.consent_at) == ("Zoya Khan", "fair", None)
    assert db.session.scalar(select(func.count()).select_from(OutboxMail)) == 0


@pytest.mark.parametrize("way", ["grant", "link"])
def test_converting_says_what_became_of_it(desk: Desk, way: str) -> None:
    lead, package = ask(), make_package(name="JEE Complete")
    db.session.commit()
    page = desk.page(f"/{lead.public_id}/convert")
    assert "An account is made for" in page
    assert "JEE Complete" in page
    sent = {"version": "1", "package": package.public_id, "way": way, "reason": "Agreed by phone"}
    answer = desk.post(f"/{lead.public_id}/convert", sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/admin/leads/{lead.public_id}")
    done = desk.page(f"/{lead.public_id}")
    if way == "grant":
        assert "is a student now and has JEE Complete" in done
        assert "given by us" in done
    else:
        assert "The payment link for JEE Complete is on its way." in done
        assert "has not paid yet" in done
    assert db.session.scalar(select(func.count()).select_from(Enrolment)) == (way == "grant")
    again = desk.browser.get(f"{LIST}/{lead.public_id}/convert")
    assert again.status_code == 303


def test_converting_what_cannot_be(app: Flask, desk: Desk) -> None:
    lead = ask()
    make_user(role="counsellor", email="rohan.das@example.com")
    db.session.commit()
    assert "This address has an account that is no student&#39;s" in desk.page(f"/{lead.public_id}/convert")
    sent = {"version": "1", "package": "", "way": "grant", "reason": "Keep this"}
    page = words(desk.post(f"/{lead.public_id}/convert", sent), 422)
    assert "This address has an account as counsellor." in page
    assert "Keep this" in page
    stale = words(desk.post(f"/{lead.public_id}/convert", {**sent, "version": "7"}), 409)
    assert "What you typed is still here" in stale
    assert words(desk.post(f"/{lead.public_id}/convert", {**sent, "package": "pkg_x", "way": "gift"}), 422)
    db.session.refresh(lead)
    assert lead.status is InquiryStatus.NEW


def test_a_forgotten_lead_offers_nothing(desk: Desk) -> None:
    lead = make_lead(name="Removed", forgotten_at=NOW, status=InquiryStatus.CLOSED)
    db.session.commit()
    page = desk.page(f"/{lead.public_id}")
    assert "personal data of this lead was removed" in page
    assert "Write a note" not in page
    assert words(desk.post(f"/{lead.public_id}/note", {"text": "x", "at": "page"}, htmx=True), 409)


@pytest.mark.parametrize("who", ["student", "counsellor", "nobody"])
def test_others_are_refused_everywhere_and_change_nothing(app: Flask, admin: User, who: str) -> None:
    lead = make_lead()
    view = LeadView(owner_id=admin.id, name="Mine", query="")
    db.session.add(view)
    user = None if who == "nobody" else make_user(role=who)
    db.session.commit()
    browser = Browser(app, user)
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("leads.")]
    assert len(rules) > 15
    data: dict[str, Any] = {"lead": lead.public_id, "status": "closed", "to": "closed", "text": "x", "version": "1"}
    for rule in rules:
        key = view.public_id if "views" in rule.rule else lead.public_id
        path = rule.rule.replace("<public_id>", key)
        get = "GET" in (rule.methods or ())
        answer = browser.get(path) if get else browser.submit(path, data, page="/account" if user else "/login")
        assert answer.status_code == (302 if user is None else 403), (rule.rule, answer.status_code)
    db.session.refresh(lead)
    assert (lead.status, lead.version) == (InquiryStatus.NEW, 1)
    assert db.session.scalar(select(func.count()).select_from(LeadView)) == 1
    assert db.session.scalar(select(func.count()).select_from(InquiryEvent)) == 0
