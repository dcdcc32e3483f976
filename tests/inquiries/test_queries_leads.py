"""Which leads a filter finds, in which order, page by page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW, make_user
from tests.inquiries.leads_world import DAY, HOUR, make_lead, many_leads
from tests.queries import count_queries
from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.errors import Forbidden, NotFound
from webapp.inquiries import queries
from webapp.inquiries.models import EventKind, Exam, Inquiry, InquiryEvent, InquiryStatus
from webapp.inquiries.queries import LeadFilter, Part, Sort, read_filter

NEW, CONTACTED = InquiryStatus.NEW, InquiryStatus.CONTACTED
CONVERTED, CLOSED = InquiryStatus.CONVERTED, InquiryStatus.CLOSED
TODAY = dt.date(2026, 12, 9)


def names(**asked: str) -> set[str]:
    filters, wrong = read_filter({key.rstrip("_"): value for key, value in asked.items()})
    assert not wrong
    page = queries.lead_rows(filters, now=NOW)
    assert queries.lead_count(filters, now=NOW).number == len(page.items)
    assert [lead.name for lead in queries.iter_leads(filters, now=NOW)] == [lead.name for lead in page.items]
    return {lead.name for lead in page.items}


@pytest.fixture
def five(db_session: Session) -> dict[str, Inquiry]:
    rohan = make_user(role="admin", public_id="user_rohan")
    made = [
        make_lead(name="Asha", exam=Exam.NEET, source="google"),
        make_lead(name="Bela", status=CONTACTED, assignee=rohan, follow_up_on=TODAY - DAY, answered_at=NOW),
        make_lead(name="Chetan", status=CONVERTED, asked_at=NOW - 3 * DAY),
        make_lead(name="Divya", status=CLOSED, source="google", assignee=rohan, follow_up_on=TODAY - 3 * DAY),
        make_lead(name="Esha", asked_at=NOW - 2 * DAY, follow_up_on=TODAY),
    ]
    return {lead.name: lead for lead in made}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"Asha", "Bela", "Esha"}),
        ({"status": "all"}, {"Asha", "Bela", "Chetan", "Divya", "Esha"}),
        ({"status": "new"}, {"Asha", "Esha"}),
        ({"status": "contacted"}, {"Bela"}),
        ({"status": "converted"}, {"Chetan"}),
        ({"status": "closed"}, {"Divya"}),
        ({"exam": "neet"}, {"Asha"}),
        ({"exam": "wbjee"}, set()),
        ({"status": "all", "source": "google"}, {"Asha", "Divya"}),
        ({"status": "all", "source": "nowhere"}, set()),
        ({"assignee": "user_rohan"}, {"Bela"}),
        ({"assignee": "none"}, {"Asha", "Esha"}),
        ({"assignee": "user_nobody"}, set()),
        ({"status": "all", "from_": "2026-12-07"}, {"Asha", "Bela", "Divya", "Esha"}),
        ({"status": "all", "to": "2026-12-07"}, {"Chetan", "Esha"}),
        ({"status": "all", "from_": "2026-12-06", "to": "2026-12-06"}, {"Chetan"}),
        ({"status": "all", "overdue": "follow-up"}, {"Bela"}),
        ({"status": "all", "overdue": "answer"}, {"Esha"}),
        ({"overdue": "1"}, {"Bela", "Esha"}),
    ],
)
def test_each_filter(five: dict[str, Inquiry], asked: dict[str, str], found: set[str]) -> None:
    assert names(**asked) == found


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("priy", True),
        ("gho PRI", True),
        ("priyanka.ghosh@mail", True),
        ("98311 40276", True),
        ("+91 98311 40276", True),
        ("9198311", True),
        ("0983", False),
        ("INQ-2026-02108", True),
        ("inq 2026 021", True),
        ("INQ-2025-02108", False),
        ("02108", True),
        ("jadavpur", True),
        ("riyanka", False),
        ("p", False),
        ("!!! & | :*", False),
        ("' or 1=1 --", False),
        ("p" * 80, False),
    ],
)
def test_text(db_session: Session, text: str, finds: bool) -> None:
    make_lead(
        name="Priyanka Ghosh",
        email="priyanka.ghosh@mail.test",
        phone="+919831140276",
        ticket_number="INQ-2026-02108",
        message="Is Jadavpur possible?",
    )
    make_lead(name="Somebody Else")
    assert names(q=text) == ({"Priyanka Ghosh"} if finds else set())


def _walk(sort: Sort, limit: int = 2) -> list[str]:
    filters, after, found = LeadFilter(sort=sort), "", []
    while True:
        page = queries.lead_rows(filters, now=NOW, after=after, limit=limit)
        assert page.has_before is bool(after)
        found += [lead.name for lead in page.items]
        if not page.has_after:
            return found
        after = page.last


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (Sort.NEWEST, "E D C B A"),
        (Sort.OLDEST, "A B C D E"),
        (Sort.FOLLOW_UP, "C A B D E"),
        (Sort.FOLLOW_UP_LAST, "E D B A C"),
    ],
)
def test_orders_page_by_page(db_session: Session, sort: Sort, order: str) -> None:
    days = {"A": 2, "B": 2, "C": -1, "D": None, "E": None}
    for hours, (name, ahead) in enumerate(days.items()):
        due = None if ahead is None else TODAY + dt.timedelta(days=ahead)
        make_lead(name=name, asked_at=NOW - 9 * HOUR + hours * HOUR, follow_up_on=due)
    assert _walk(sort) == order.split()


def test_back_and_forth_lands_on_the_same_page(db_session: Session) -> None:
    many_leads(7)
    first = queries.lead_rows(LeadFilter(), now=NOW, limit=3)
    second = queries.lead_rows(LeadFilter(), now=NOW, after=first.last, limit=3)
    again = queries.lead_rows(LeadFilter(), now=NOW, before=second.first, limit=3)
    assert [lead.id for lead in again.items] == [lead.id for lead in first.items]
    assert (again.has_before, again.has_after) == (False, True)


def test_a_page_stays_where_it_is_while_leads_come_in(db_session: Session) -> None:
    many_leads(6)
    first = queries.lead_rows(LeadFilter(), now=NOW, limit=3)
    make_lead(asked_at=NOW + HOUR)
    second = queries.lead_rows(LeadFilter(), now=NOW, after=first.last, limit=3)
    assert not {lead.id for lead in first.items} & {lead.id for lead in second.items}
    assert len(second.items) == 3


def test_a_place_that_is_gone_is_the_beginning(db_session: Session) -> None:
    many_leads(2)
    assert len(queries.lead_rows(LeadFilter(), now=NOW, after="inquiry_gone").items) == 2


def test_counting_stops(db_session: Session) -> None:
    many_leads(12)
    assert queries.lead_count(LeadFilter(), now=NOW, most=10) == queries.LeadCount(10, more=True)
    assert queries.lead_count(LeadFilter(), now=NOW, most=12) == queries.LeadCount(12)
    assert queries.lead_count(LeadFilter(), now=NOW, most=None).number == 12


def test_common_words_are_ordered_and_rare_ones_found_first(db_session: Session, monkeypatch: Any) -> None:
    many_leads(9)
    everything = [lead.id for lead in queries.lead_rows(LeadFilter(q="many"), now=NOW).items]
    monkeypatch.setattr("webapp.inquiries.queries.leads.FEW", 3)
    assert [lead.id for lead in queries.lead_rows(LeadFilter(q="many"), now=NOW).items] == everything
    assert len(everything) == 9


def test_statements_do_not_grow_with_leads(db_session: Session) -> None:
    many_leads(3)
    few = _statements()
    many_leads(300)
    assert _statements() == few


def _statements() -> int:
    db.session.expire_all()
    with count_queries() as seen:
        page = queries.lead_rows(LeadFilter(q="many"), now=NOW)
        assert {lead.assignee for lead in page.items} == {None}
        queries.lead_count(LeadFilter(), now=NOW)
        queries.board_columns(LeadFilter(), now=NOW)
        queries.lead_stats(NOW)
        queries.lead_sources()
    return len(seen)


def test_figures(five: dict[str, Inquiry]) -> None:
    stats = queries.lead_stats(NOW)
    assert (stats.new, stats.unanswered_late, stats.contacted) == (2, 1, 1)
    assert (stats.follow_ups_late, stats.follow_ups_today) == (1, 1)
    assert (stats.asked, stats.converted, stats.rate) == (5, 1, 20)


def test_what_waits_the_longest_first(db_session: Session) -> None:
    for name, days in (("Early", 5), ("Late", 2), ("Not yet", 0)):
        make_lead(name=name, asked_at=NOW - days * DAY, follow_up_on=TODAY - dt.timedelta(days=days))
    assert [lead.name for lead in queries.overdue_follow_ups(TODAY, 10)] == ["Early", "Late"]
    assert [lead.name for lead in queries.unanswered(NOW, 1)] == ["Early"]


def test_the_board_has_every_status_in_the_order_people_gave(db_session: Session) -> None:
    for position, name in enumerate(["Third", "Second", "First"]):
        make_lead(name=name, position=-position)
    make_lead(name="Closed", status=CLOSED)
    columns = {one.status: one for one in queries.board_columns(LeadFilter(status=Part.NEW), now=NOW, cards=2)}
    assert [lead.name for lead in columns[NEW].cards] == ["First", "Second"]
    assert columns[NEW].count.number == 3
    assert columns[NEW].more == 1
    assert columns[NEW].next == db.session.query(Inquiry).filter_by(name="Third").one().public_id
    assert [lead.name for lead in columns[CLOSED].cards] == ["Closed"]
    assert columns[CONVERTED].cards == []


def test_the_same_person_and_the_sources(db_session: Session) -> None:
    first = make_lead(source="school")
    again = make_lead(person=first.person, source="google")
    make_lead(source="google")
    assert [one.id for one in queries.tickets_of_person(first)] == [again.id]
    assert queries.ticket_numbers([first.person_id]) == {first.person_id: 2}
    assert queries.ticket_numbers([]) == {}
    assert queries.lead_sources() == ["google", "school"]


def test_one_lead_is_for_admins_only(admin: User) -> None:
    lead = make_lead()
    assert queries.inquiry_for(admin, lead.public_id) is lead
    with pytest.raises(NotFound):
        queries.inquiry_for(admin, "inquiry_nothing")
    for role in ("student", "counsellor"):
        with pytest.raises(Forbidden):
            queries.inquiry_for(make_user(role=role), lead.public_id)


def test_news_is_what_others_did(admin: User) -> None:
    other, lead, fresh = make_user(role="admin", name="Nisha Verma"), make_lead(), make_lead()
    for actor, kind, about, minutes in (
        (admin, EventKind.NOTE, lead, 5),
        (other, EventKind.NOTE, lead, -5),
        (other, EventKind.STATUS, lead, 6),
        (other, EventKind.NOTE, lead, 7),
        (None, EventKind.CREATED, fresh, 8),
    ):
        at = NOW + minutes * dt.timedelta(minutes=1)
        event = InquiryEvent(inquiry_id=about.id, kind=kind, at=at, actor_id=actor.id if actor else None)
        db.session.add(event)
        db.session.flush()
    news = queries.news_since(NOW, viewer_id=admin.id)
    assert (news.changed, news.new, news.names) == (1, 1, ("Nisha Verma",))
    assert not queries.news_since(NOW + HOUR, viewer_id=admin.id)
