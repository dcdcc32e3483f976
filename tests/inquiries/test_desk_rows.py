"""Choosing in a row, in the drawer and on a lead's page; two admins at once; cards on the board."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import NOW, make_user
from tests.inquiries.leads_world import make_lead
from tests.inquiries.pages_world import Desk, row_of, words
from webapp.accounts.models import User
from webapp.core import clock
from webapp.core.db import db
from webapp.inquiries.models import Inquiry, InquiryStatus

NEW, CONTACTED, CLOSED = InquiryStatus.NEW, InquiryStatus.CONTACTED, InquiryStatus.CLOSED


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def desk(app: Flask, admin: User) -> Desk:
    return Desk(app, admin)


@pytest.fixture
def lead(admin: User) -> Inquiry:
    found = make_lead(name="Sana Parveen")
    db.session.commit()
    return found


def test_each_choice_saves_at_once(desk: Desk, admin: User, lead: Inquiry) -> None:
    answer = words(desk.choose(lead, assignee=admin.public_id))
    assert answer.startswith(f'<tbody id="lead-{lead.public_id}"')
    assert 'name="version" value="2"' in answer
    words(desk.choose(lead, follow_up_on="2026-12-12"))
    words(desk.choose(lead, status="contacted"))
    db.session.refresh(lead)
    assert (lead.assignee_id, lead.follow_up_on, lead.status) == (admin.id, dt.date(2026, 12, 12), CONTACTED)
    words(desk.choose(lead, follow_up_on="", assignee=""))
    db.session.refresh(lead)
    assert (lead.assignee_id, lead.follow_up_on) == (None, None)


def test_without_script_one_button_saves_the_row(desk: Desk, admin: User, lead: Inquiry) -> None:
    chosen = {"status": "contacted", "assignee": admin.public_id, "follow_up_on": "2026-12-10"}
    seen = {**row_of(lead), "back": "exam=jee-main"}
    answer = desk.choose(lead, htmx=False, seen=seen, **chosen)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/leads?exam=jee-main")
    db.session.refresh(lead)
    assert (lead.status, lead.assignee_id, lead.follow_up_on) == (CONTACTED, admin.id, dt.date(2026, 12, 10))


def test_nothing_chosen_changes_nothing(desk: Desk, lead: Inquiry) -> None:
    words(desk.choose(lead))
    db.session.refresh(lead)
    assert lead.version == 1


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("at", ["row", "drawer", "page"])
def test_the_second_admin_sees_what_the_first_changed(
    app: Flask, desk: Desk, lead: Inquiry, at: str, htmx: bool
) -> None:
    nisha = make_user(role="admin", name="Nisha Verma")
    db.session.commit()
    seen = row_of(lead)
    words(Desk(app, nisha).choose(lead, status="closed"))
    if at == "drawer":
        seen["back"] = f"open={lead.public_id}"
    answer = words(desk.choose(lead, seen=seen, at=at, htmx=htmx, assignee=nisha.public_id), 409)
    assert "Nisha Verma changed this lead meanwhile. Your choice is kept, not saved." in answer
    assert "Status: Closed" in answer
    assert f'<option value="{nisha.public_id}" selected>Nisha Verma' in answer
    assert 'name="version" value="2"' in answer
    db.session.refresh(lead)
    assert (lead.assignee_id, lead.status) == (None, CLOSED)
    words(desk.choose(lead, assignee=nisha.public_id))
    db.session.refresh(lead)
    assert lead.assignee_id == nisha.id


@pytest.mark.parametrize(
    ("chosen", "status", "said"),
    [
        ({"follow_up_on": "2026-12-08"}, 422, "Choose today or a later day."),
        ({"follow_up_on": "soon"}, 422, "Choose a day."),
        ({"assignee": "user_nobody"}, 422, "Choose an admin from the list."),
        ({"status": "lost"}, 422, "Choose a status from the list."),
        ({"status": "contacted", "follow_up_on": "2020-01-01"}, 422, "Choose today or a later day."),
    ],
)
def test_a_wrong_choice_is_told_in_the_row(
    desk: Desk, lead: Inquiry, chosen: dict[str, str], status: int, said: str
) -> None:
    assert said in words(desk.choose(lead, at="row", seen=None, htmx=True, **chosen), status)
    db.session.refresh(lead)
    assert (lead.version, lead.status) == (1, NEW)


def test_converted_is_asked_for_with_its_package(desk: Desk, lead: Inquiry) -> None:
    answer = desk.choose(lead, status="converted")
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == f"/admin/leads/{lead.public_id}/convert?back="


def test_a_lead_that_is_not_there(desk: Desk, lead: Inquiry) -> None:
    for path in ("row", "note", "call", "mail", "move", "edit", "convert"):
        assert desk.post(f"/inquiry_nothing/{path}", {"was": "new", "name": "x"}).status_code == 404, path
    for path in ("", "/edit", "/convert"):
        assert desk.browser.get(f"/admin/leads/inquiry_nothing{path}").status_code == 404, path


def test_the_row_and_the_drawer_change_together(desk: Desk, lead: Inquiry) -> None:
    beside = {**row_of(lead), "back": f"open={lead.public_id}"}
    from_row = words(desk.choose(lead, seen=beside, status="contacted"))
    assert from_row.startswith("<tbody")
    assert '<hx-partial hx-target="#lead-detail"' in from_row
    beside = {**row_of(lead), "back": f"open={lead.public_id}"}
    from_drawer = words(desk.choose(lead, seen=beside, at="drawer", follow_up_on="2026-12-12"))
    assert from_drawer.startswith("<aside")
    assert f'<hx-partial hx-target="#lead-{lead.public_id}"' in from_drawer


def cards(status: InquiryStatus) -> list[str]:
    wanted = select(Inquiry.name).where(Inquiry.status == status)
    return list(db.session.scalars(wanted.order_by(Inquiry.position, Inquiry.id.desc())))


def move(desk: Desk, lead: Inquiry, *, htmx: bool = True, **data: str) -> str:
    sent = {"version": str(lead.version), "was": lead.status.value, "back": "view=board", **data}
    answer = desk.post(f"/{lead.public_id}/move", sent, htmx=htmx)
    return words(answer, 200 if htmx else 303)


def test_cards_move_between_columns_and_within_one(desk: Desk, admin: User) -> None:
    one, two, three = (make_lead(name=name) for name in ("One", "Two", "Three"))
    db.session.commit()
    assert cards(NEW) == ["Three", "Two", "One"]
    board = move(desk, one, before=three.public_id)
    assert board.startswith('<div id="board"')
    assert cards(NEW) == ["One", "Three", "Two"]
    move(desk, one, before="end")
    assert cards(NEW) == ["Three", "Two", "One"]
    move(desk, two, to="contacted")
    move(desk, three, to="contacted", before="end", htmx=False)
    assert (cards(NEW), cards(CONTACTED)) == (["One"], ["Two", "Three"])


def test_a_card_that_cannot_move_stays_with_the_reason(app: Flask, desk: Desk) -> None:
    lead = make_lead(name="Closed Already", status=CLOSED)
    db.session.commit()
    data = {"version": "1", "was": "closed", "to": "new", "back": "view=board"}
    answer = words(desk.post(f"/{lead.public_id}/move", data, htmx=True), 409)
    assert "The card was not moved." in answer
    assert "Closed can&#39;t become new." in answer
    nisha = make_user(role="admin", name="Nisha Verma")
    db.session.commit()
    words(Desk(app, nisha).choose(lead, status="contacted"))
    stale = {"version": "1", "was": "closed", "to": "closed", "back": "view=board"}
    assert "Nisha Verma changed this" in words(desk.post(f"/{lead.public_id}/move", stale, htmx=True), 409)
    assert words(desk.post(f"/{lead.public_id}/move", {"was": "x", "to": "lost"}, htmx=True), 422)


def test_moving_to_converted_asks_for_the_package(desk: Desk, lead: Inquiry) -> None:
    data = {"version": "1", "was": "new", "to": "converted", "back": "view=board"}
    answer = desk.post(f"/{lead.public_id}/move", data)
    assert answer.headers["Location"] == f"/admin/leads/{lead.public_id}/convert?back=view%3Dboard"
    assert cards(NEW) == ["Sana Parveen"]


def test_the_board_offers_every_move_without_a_script(desk: Desk, admin: User) -> None:
    make_lead(name="One")
    make_lead(name="Two")
    page = desk.page("/board")
    assert "Move Two" in page
    for said in ("Up</button>", "Down</button>", "Move to Contacted", "Move to Converted…", "Move to Closed"):
        assert said in page, said
