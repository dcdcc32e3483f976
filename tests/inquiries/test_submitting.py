from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.inquiries.desk import ask
from webapp.inquiries.models import InquiryEvent

pytestmark = pytest.mark.usefixtures("db_session")


def test_an_inquiry_gets_a_ticket_and_a_promise(db_session: Session) -> None:
    inquiry = ask()
    assert inquiry.ticket_number == "INQ-2026-00001"
    assert [e.kind for e in db_session.scalars(select(InquiryEvent))] == ["created"]
