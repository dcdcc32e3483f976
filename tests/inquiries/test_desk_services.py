from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_user
from tests.inquiries.desk import ask, done
from webapp.accounts.models import User
from webapp.audit.models import AuditEntry
from webapp.core import live
from webapp.core.errors import Conflict, DomainError, Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.inquiries import services
from webapp.inquiries.models import Inquiry, InquiryEvent, InquiryStatus
from webapp.inquiries.services import (
    StaleVersion,
    add_note,
    assign_inquiry,
    bulk_assign,
    bulk_status,
    change_status,
    edit_inquiry,
    log_call,
    move_on_board,
    set_follow_up,
    write_mail,
)
from webapp.notifications.models import OutboxMail

pytestmark = pytest.mark.usefixtures("db_session")
LATER = NOW + dt.timedelta(hours=2)
TOMORROW = dt.date(2026, 12, 10)


@pytest.fixture
def inquiry(db_session: Session) -> Inquiry:
    """Give a new inquiry, committed."""
    del db_session
    return ask()


def lines(inquiry: Inquiry, session: Session) -> list[InquiryEvent]:
    """Return the timeline after its first line."""
    wanted = select(InquiryEvent).where(InquiryEvent.inquiry_id == inquiry.id).order_by(InquiryEvent.id)
    return list(session.scalars(wanted))[1:]


def test_contacted_closed_reopened(inquiry: Inquiry, admin: User, db_session: Session) -> None:
    given: dict[str, Any] = {"actor": admin, "inquiry_id": inquiry.public_id}
    done(change_status, status="contacted", version=1, note=" Called her. ", now=LATER, **given)
    assert (inquiry.status, inquiry.answered_at, inquiry.version) == (InquiryStatus.CONTACTED, LATER, 2)
    done(change_status, status="closed", version=2, now=LATER, **given)
    assert (inquiry.closed_at, inquiry.is_open) == (LATER, False)
    done(change_status, status="contacted", version=3, now=LATER, **given)
    assert (inquiry.status, inquiry.closed_at) == (InquiryStatus.CONTACTED, None)
    done(change_status, status="contacted", version=4, **given)  # as it is already
    assert inquiry.version == 4
    told = lines(inquiry, db_session)
    assert [(line.kind.value, line.body, line.actor_id) for line in told] == [
        ("status", "Called her.", admin.id),
        ("status", "", admin.id),
        ("status", "", admin.id),
    ]
    assert told[0].data == {
        "version": 2,
        "changes": [{"field": "status", "label": "Status", "before": "New", "after": "Contacted"}],
    }


def test_closing_a_new_one_does_not_count_as_an_answer(inquiry: Inquiry, admin: User) -> None:
    done(change_status, actor=admin, inquiry_id=inquiry.public_id, status="closed", version=1)
    assert inquiry.answered_at is None


@pytest.mark.parametrize(("status", "error"), [("converted", InvalidState), ("sold", ValidationFailed)])
def test_steps_that_do_not_exist(inquiry: Inquiry, admin: User, status: str, error: type[DomainError]) -> None:
    with pytest.raises(error):
        done(change_status, actor=admin, inquiry_id=inquiry.public_id, status=status, version=1)
    done(change_status, actor=admin, inquiry_id=inquiry.public_id, status="contacted", version=1)
    with pytest.raises(InvalidState, match="Contacted can't become new"):
        done(change_status, actor=admin, inquiry_id=inquiry.public_id, status="new", version=2)


def test_the_second_admin_is_told_what_changed_and_by_whom(inquiry: Inquiry, admin: User) -> None:
    other = make_user(role="admin", name="Asha Nair")
    given: dict[str, Any] = {"inquiry_id": inquiry.public_id}
    done(change_status, actor=admin, status="contacted", version=1, **given)
    done(add_note, actor=admin, text="A note is nobody's conflict", **given)
    done(set_follow_up, actor=admin, on=TOMORROW, version=2, **given)
    done(edit_inquiry, actor=other, name="Rohan D.", rank="", version=3, **given)
    done(set_follow_up, actor=other, on=None, version=4, **given)
    with pytest.raises(StaleVersion) as refused:
        done(assign_inquiry, actor=admin, assignee_id=other.public_id, version=1, **given)
    assert refused.value.by == "Asha Nair"
    assert refused.value.changes == [
        ("Status", "Contacted"),
        ("Follow-up", ""),
        ("Name", "Rohan D."),
        ("Rank", ""),
    ]
    assert "Follow-up: empty" in refused.value.message
    assert inquiry.assignee_id is None
    with pytest.raises(StaleVersion) as refused:
        done(assign_inquiry, actor=admin, assignee_id=other.public_id, version=4, **given)
    assert refused.value.changes == [("Follow-up", "")]


def test_only_active_admins_look_after_inquiries(inquiry: Inquiry, admin: User) -> None:
    given: dict[str, Any] = {"actor": admin, "inquiry_id": inquiry.public_id, "version": None}
    done(assign_inquiry, assignee_id=admin.public_id, **given)
    assert inquiry.assignee_id == admin.id
    lifted = done(assign_inquiry, assignee_id=None, **given)
    assert lifted.assignee_id is None
    for nobody in (make_user(), make_user(role="counsellor"), make_user(role="admin", active=False)):
        with pytest.raises(ValidationFailed):
            done(assign_inquiry, assignee_id=nobody.public_id, **given)


def test_follow_ups_are_days_ahead_of_what_is_open(inquiry: Inquiry, admin: User) -> None:
    given: dict[str, Any] = {"actor": admin, "inquiry_id": inquiry.public_id, "version": None}
    done(set_follow_up, on=TOMORROW, **given)
    assert inquiry.follow_up_on == TOMORROW
    with pytest.raises(ValidationFailed):
        done(set_follow_up, on=dt.date(2026, 12, 8), **given)
    done(change_status, status="closed", **given)
    with pytest.raises(InvalidState):
        done(set_follow_up, on=TOMORROW, **given)
    done(set_follow_up, on=None, **given)


def test_what_was_typed_is_corrected_and_watched(inquiry: Inquiry, admin: User, db_session: Session) -> None:
    given: dict[str, Any] = {"actor": admin, "inquiry_id": inquiry.public_id, "version": 1}
    with pytest.raises(ValidationFailed) as refused:
        done(edit_inquiry, phone="12", exam="cat", message="x" * 2001, **given)
    assert set(refused.value.fields) == {"phone", "exam", "message"}
    with pytest.raises(TypeError):
        done(edit_inquiry, ticket_number="INQ-1", **given)
    done(edit_inquiry, exam="neet", state="Kerala", **given)
    assert (inquiry.exam.value, inquiry.state, inquiry.name) == ("neet", "Kerala", "Rohan Das")
    assert [change["after"] for change in lines(inquiry, db_session)[0].data["changes"]] == ["NEET", "Kerala"]
    assert not db_session.scalars(select(AuditEntry)).all()  # no request, so the house itself acts


def test_a_call_that_gets_through_answers(inquiry: Inquiry, admin: User, db_session: Session) -> None:
    given: dict[str, Any] = {"actor": admin, "inquiry_id": inquiry.public_id}
    done(log_call, outcome="no_answer", text="", **given)
    assert (inquiry.status, inquiry.answered_at, inquiry.version) == (InquiryStatus.NEW, None, 1)
    done(log_call, outcome="reached", text="Wants to talk to her father", now=LATER, **given)
    assert (inquiry.status, inquiry.answered_at, inquiry.version) == (InquiryStatus.CONTACTED, LATER, 2)
    done(log_call, outcome="call_back", text="", now=LATER + dt.timedelta(hours=1), **given)
    assert (inquiry.answered_at, inquiry.version) == (LATER, 2)
    assert [line.outcome for line in lines(inquiry, db_session)] == ["no_answer", "reached", "call_back"]
    with pytest.raises(ValidationFailed):
        done(log_call, outcome="shouted", text="", **given)


def test_a_mail_goes_through_the_outbox_and_answers(inquiry: Inquiry, admin: User, db_session: Session) -> None:
    given: dict[str, Any] = {"actor": admin, "inquiry_id": inquiry.public_id}
    done(write_mail, subject=" Your\nquestion ", text="Dear Rohan,\r\n\r\nyes.\nAsha", now=LATER, **given)
    assert (inquiry.status, inquiry.answered_at) == (InquiryStatus.CONTACTED, LATER)
    mail = db_session.scalars(select(OutboxMail).where(OutboxMail.template == "inquiry_reply")).one()
    assert mail.recipient == "rohan.das@example.com"
    assert mail.context["subject"] == "Your question"
    assert mail.context["paragraphs"] == ["Dear Rohan,", "yes.\nAsha"]
    (line,) = lines(inquiry, db_session)
    assert (line.kind, line.data["subject"], line.body) == ("mail", "Your question", "Dear Rohan,\n\nyes.\nAsha")
    with pytest.raises(ValidationFailed) as refused:
        done(write_mail, subject="x" * 151, text=" ", **given)
    assert set(refused.value.fields) == {"subject", "text"}


def test_notes_are_words(inquiry: Inquiry, admin: User) -> None:
    for text in ("  ", "x" * 5001):
        with pytest.raises(ValidationFailed):
            done(add_note, actor=admin, inquiry_id=inquiry.public_id, text=text)
    assert inquiry.version == 1


def test_many_at_once_all_or_none(admin: User, db_session: Session) -> None:
    three = [ask(email=f"p{number}@example.com", phone=f"980000000{number}") for number in range(3)]
    ids = [one.public_id for one in three]
    assert done(bulk_assign, actor=admin, inquiry_ids=[*ids, ids[0]], assignee_id=admin.public_id) == 3
    assert done(bulk_assign, actor=admin, inquiry_ids=ids, assignee_id=admin.public_id) == 0
    done(change_status, actor=admin, inquiry_id=ids[0], status="contacted", version=None)
    assert done(bulk_status, actor=admin, inquiry_ids=ids, status="contacted") == 2
    assert {one.status for one in three} == {InquiryStatus.CONTACTED}
    with pytest.raises(NotFound):
        done(bulk_status, actor=admin, inquiry_ids=[*ids, "inquiry_nobody"], status="closed")
    assert {one.status for one in three} == {InquiryStatus.CONTACTED}
    assert done(bulk_assign, actor=admin, inquiry_ids=[], assignee_id=None) == 0


def column(session: Session, status: str) -> list[str]:
    """Return the last digit of the tickets of a column, as the board shows them."""
    session.expire_all()
    wanted = select(Inquiry.ticket_number).where(Inquiry.status == status)
    return [ticket[-1] for ticket in session.scalars(wanted.order_by(Inquiry.position, Inquiry.id.desc()))]


def test_cards_go_where_they_are_put(admin: User, db_session: Session) -> None:
    cards = [
        ask(
            email=f"p{number}@example.com", phone=f"980000000{number}", now=NOW + dt.timedelta(seconds=number)
        ).public_id
        for number in range(4)
    ]
    assert column(db_session, "new") == ["4", "3", "2", "1"]

    def move(card: int, before: int | None, status: str = "new", version: int | None = None) -> None:
        before_id = None if before is None else cards[before - 1]
        done(
            move_on_board, actor=admin, inquiry_id=cards[card - 1], status=status, before_id=before_id, version=version
        )

    move(1, 4)
    assert column(db_session, "new") == ["1", "4", "3", "2"]
    move(1, None)
    assert column(db_session, "new") == ["4", "3", "2", "1"]
    move(4, 2)
    assert column(db_session, "new") == ["3", "4", "2", "1"]
    move(4, 4)  # before itself: nothing moves
    for _ in range(30):  # until no room is left between them
        move(3, 2)
        move(4, 2)
    assert column(db_session, "new") == ["3", "4", "2", "1"]
    move(2, None, "contacted")
    move(3, 2, "contacted")
    assert (column(db_session, "new"), column(db_session, "contacted")) == (["4", "1"], ["3", "2"])
    with pytest.raises(StaleVersion):
        move(3, None, "closed", version=1)
    with pytest.raises(Conflict, match="board has changed"):
        move(4, 2)
    with pytest.raises(InvalidState):
        move(3, 4, "new")
    assert (column(db_session, "new"), column(db_session, "contacted")) == (["4", "1"], ["3", "2"])


def test_cards_in_one_place_part_when_one_is_put_between(admin: User, db_session: Session) -> None:
    cards = [ask(email=f"p{number}@example.com", phone=f"980000000{number}") for number in range(4)]
    for card in cards:
        card.position = 0
    db_session.commit()
    assert column(db_session, "new") == ["4", "3", "2", "1"]
    given: dict[str, Any] = {"actor": admin, "status": "new", "version": None}
    done(move_on_board, inquiry_id=cards[0].public_id, before_id=cards[2].public_id, **given)
    assert column(db_session, "new") == ["4", "1", "3", "2"]


def test_open_pages_of_leads_hear_of_every_change(inquiry: Inquiry, admin: User) -> None:
    before = int(live.version(services.LIVE_KEY))
    done(add_note, actor=admin, inquiry_id=inquiry.public_id, text="One")
    assert int(live.version(services.LIVE_KEY)) == before + 1


CALLS: tuple[tuple[Callable[..., Any], dict[str, Any]], ...] = (
    (change_status, {"status": "contacted", "version": None}),
    (assign_inquiry, {"assignee_id": None, "version": None}),
    (set_follow_up, {"on": None, "version": None}),
    (edit_inquiry, {"name": "X", "version": None}),
    (add_note, {"text": "X"}),
    (log_call, {"outcome": "reached", "text": ""}),
    (write_mail, {"subject": "X", "text": "X"}),
    (move_on_board, {"status": "contacted", "before_id": None, "version": None}),
    (services.convert_inquiry, {"package_id": None, "way": "grant", "reason": "", "version": None}),
)


@pytest.mark.parametrize(("service", "given"), CALLS, ids=lambda one: getattr(one, "__name__", ""))
def test_nobody_but_an_admin_works_with_inquiries(
    inquiry: Inquiry, admin: User, service: Callable[..., Any], given: dict[str, Any], db_session: Session
) -> None:
    outsiders = [make_user(), make_user(role="counsellor"), make_user(role="admin", active=False)]
    db_session.commit()
    for outsider in outsiders:
        with pytest.raises(Forbidden):
            done(service, actor=outsider, inquiry_id=inquiry.public_id, **given)
    with pytest.raises(NotFound):
        done(service, actor=admin, inquiry_id="inquiry_nobody", **given)
    assert lines(inquiry, db_session) == []
    assert inquiry.version == 1


def test_bulk_is_for_admins_too(inquiry: Inquiry, db_session: Session) -> None:
    outsider = make_user()
    db_session.commit()
    with pytest.raises(Forbidden):
        done(bulk_assign, actor=outsider, inquiry_ids=[inquiry.public_id], assignee_id=None)
    with pytest.raises(Forbidden):
        done(bulk_status, actor=outsider, inquiry_ids=[inquiry.public_id], status="closed")
