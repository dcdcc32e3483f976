"""The demo's fortnight of leads holds together at any hour."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.demo.test_seed import MOMENTS, seed
from webapp.inquiries.models import EventKind, Inquiry, InquiryEvent, InquiryStatus, LeadPerson
from webapp.inquiries.queries import Late, LeadFilter, lead_count, lead_stats


@pytest.mark.parametrize("now", MOMENTS[:3:2])
def test_leads_are_believable_at_any_hour(db_session: Session, now: dt.datetime) -> None:
    seed(now)
    leads = db_session.scalars(select(Inquiry).order_by(Inquiry.asked_at)).all()
    assert 40 <= len(leads) <= 55
    assert {lead.status for lead in leads} == set(InquiryStatus)
    assert {"google", "instagram", "school", "whatsapp"} <= {lead.source for lead in leads}
    _tickets_run_without_gaps(leads)
    stats = lead_stats(now)
    assert stats.new > stats.unanswered_late > 0
    assert stats.follow_ups_late > 0
    assert lead_count(LeadFilter(late=Late.ANY), now=now).number == stats.follow_ups_late + stats.unanswered_late
    for lead in leads:
        assert lead.asked_at <= now
        assert (lead.answered_at or now) <= now
        if lead.converted_enrolment is not None:
            assert lead.converted_user_id == lead.converted_enrolment.user_id
            assert lead.asked_at < lead.converted_enrolment.enrolled_at
    assert sum(lead.converted_enrolment_id is not None for lead in leads) >= 5
    assert db_session.scalar(select(func.max(InquiryEvent.at))) <= now  # type: ignore[operator]


def _tickets_run_without_gaps(leads: Sequence[Inquiry]) -> None:
    numbers: dict[str, list[int]] = {}
    for lead in leads:
        found = re.fullmatch(r"INQ-(\d{4})-(\d{5})", lead.ticket_number)
        assert found
        numbers.setdefault(found[1], []).append(int(found[2]))
    for run in numbers.values():
        assert run == list(range(1, len(run) + 1))


def test_people_who_ask_twice_are_one_person(db_session: Session) -> None:
    now = MOMENTS[0]
    seed(now)
    several = select(Inquiry.person_id).group_by(Inquiry.person_id).having(func.count() > 1)
    assert len(db_session.scalars(several).all()) == 3
    people = db_session.scalar(select(func.count()).select_from(LeadPerson))
    assert people == (db_session.scalar(select(func.count()).select_from(Inquiry)) or 0) - 3
    seed(now + dt.timedelta(days=2))
    assert db_session.scalar(select(func.count()).select_from(LeadPerson)) == people


def test_every_timeline_begins_with_the_question(db_session: Session) -> None:
    seed(MOMENTS[0])
    firsts = select(func.min(InquiryEvent.id)).group_by(InquiryEvent.inquiry_id)
    kinds = db_session.scalars(select(InquiryEvent.kind).where(InquiryEvent.id.in_(firsts))).all()
    assert set(kinds) == {EventKind.CREATED}
