"""Leads for the tests of the desk's pages: one at a time with every column, or very many at once."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from sqlalchemy import insert

from tests.factories import NOW
from webapp.core.db import db
from webapp.inquiries.models import Exam, Inquiry, InquiryStatus, LeadPerson

_numbers = itertools.count(1)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def make_lead(**columns: Any) -> Inquiry:
    """Make a new JEE Main lead of an hour ago; ``person`` ties it to somebody known."""
    number = next(_numbers)
    asked = columns.get("asked_at", NOW - HOUR)
    defaults: dict[str, Any] = {
        "name": f"Lead Number{number}",
        "email": f"lead{number}@example.com",
        "phone": f"+9190000{number:05d}",
        "exam": Exam.JEE_MAIN,
        "ticket_number": f"INQ-2026-{number:05d}",
        "position": -number,
        "asked_at": asked,
        "answer_due_at": asked + DAY,
    }
    values = {**defaults, **columns}
    if values.get("status") == InquiryStatus.CONVERTED:
        values.setdefault("converted_at", NOW)
    if "person" not in values and "person_id" not in values:
        values["person"] = LeadPerson(created_at=asked)
    lead = Inquiry(**{"email_key": values["email"], "phone_key": values["phone"], **values})
    db.session.add(lead)
    db.session.flush()
    return lead


def many_leads(number: int, **columns: Any) -> None:
    """Add leads of one person by one statement, a minute apart, the first the newest."""
    person = LeadPerson(created_at=NOW)
    db.session.add(person)
    db.session.flush()
    first = next(_numbers) * 100_000
    rows = [
        {
            "public_id": f"inquiry_many{first + index}",
            "ticket_number": f"INQ-{first + index}",
            "person_id": person.id,
            "name": f"Many {index}",
            "email": f"many{first + index}@example.com",
            "phone": "+919000000000",
            "email_key": "",
            "phone_key": "",
            "exam": Exam.NEET,
            "asked_at": NOW - index * dt.timedelta(minutes=1),
            "answer_due_at": NOW + DAY,
            **columns,
        }
        for index in range(number)
    ]
    db.session.execute(insert(Inquiry), rows)
