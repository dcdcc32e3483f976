"""Many inquiries taken in at once are as the same ones one by one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tests import factories as make
from webapp.accounts.models import Role
from webapp.core.db import transaction
from webapp.inquiries.models import Inquiry, InquiryEvent, LeadImport, LeadPerson, TicketCounter
from webapp.inquiries.services import InquiryInput, submit_inquiry, submitting_many

NOW = make.NOW
CROWD = (
    ("a@example.com", "9830000001"),
    ("b@example.com", "9830000002"),
    ("a@example.com", "9830000003"),  # the first again
    ("c@example.com", "9830000002"),  # the second again
    ("d@example.com", "9830000004"),
)
BRIDGE = ("b@example.com", "9830000003")  # makes the first four one person


@pytest.mark.parametrize("size", [1, 4, 500])
@pytest.mark.parametrize("crowd", [CROWD, (*CROWD, BRIDGE)])
def test_many_at_once_are_as_one_by_one(
    db_session: Session, monkeypatch: pytest.MonkeyPatch, size: int, crowd: tuple[tuple[str, str], ...]
) -> None:
    monkeypatch.setattr(submitting_many, "CHUNK", size)
    entries = [InquiryInput(f"P{n}", mail, phone, "neet", source="fair") for n, (mail, phone) in enumerate(crowd)]
    row = LeadImport(owner_id=make.make_user(role=Role.ADMIN).id, filename="x.csv")
    db_session.add(row)
    db_session.commit()
    seen = []
    for at_once in (False, True):
        with transaction() as session:
            if at_once:
                submitting_many.submit_many(entries=entries, now=NOW, import_id=row.id, tick=lambda _done: None)
            else:
                for entry in entries:
                    submit_inquiry(entry=entry, now=NOW, import_id=row.id, notify_people=False)
            seen.append(_told(session))
            for model in (InquiryEvent, Inquiry, LeadPerson, TicketCounter):
                session.execute(delete(model))
    assert seen[0][:2] == seen[1][:2]
    assert len(set(seen[0][0])) == 3 - (BRIDGE in crowd)
    if BRIDGE not in crowd:  # with it, those taken in at once know of each other from the first
        assert seen[0][2] == seen[1][2]


def _told(session: Session) -> tuple[list[int], list[Any], list[Any]]:
    """Return what is stored, without keys and ids: whose each is, the rows, the lines."""
    session.expire_all()
    rows = list(session.scalars(select(Inquiry).order_by(Inquiry.id)))
    people = sorted({row.person_id for row in rows})
    assert session.scalar(select(func.count()).select_from(LeadPerson)) == len(people)
    tickets = {row.id: row.ticket_number for row in rows}
    lines = session.scalars(select(InquiryEvent).order_by(InquiryEvent.id))
    return (
        [people.index(row.person_id) for row in rows],
        [(row.name, row.ticket_number, row.status, row.version, row.answer_due_at, row.import_id) for row in rows],
        sorted((tickets[line.inquiry_id], line.kind.value, line.body, len(line.data)) for line in lines),
    )
