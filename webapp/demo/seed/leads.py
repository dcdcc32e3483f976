"""A fortnight of leads: who asked, who was called, who waits too long, who became one of the demo's students."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.availability.rules import local_date
from webapp.core.times import DEFAULT_ZONE
from webapp.demo.seed.lead_cards import CARDS, CONVERTED, INVITED, Card
from webapp.enrolments.models import Enrolment
from webapp.inquiries.models import CallOutcome, EventKind, Exam, Inquiry, InquiryEvent, InquiryStatus, LeadPerson
from webapp.inquiries.rules import answer_due, email_key, phone_key, position_on_top
from webapp.inquiries.services.changing import FIELD_LABELS, words_of
from webapp.inquiries.services.people import next_ticket
from webapp.packages.models import Package

HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
CALLS = {"no_answer": CallOutcome.NO_ANSWER, "called": CallOutcome.REACHED, "call_back": CallOutcome.CALL_BACK}


@dataclass(frozen=True, slots=True)
class Asked:
    """A card at its time, with what became of it if that is a student."""

    card: Card
    at: dt.datetime
    user: User | None = None
    enrolment: Enrolment | None = None
    package: Package | None = None


def make_leads(session: Session, users: Mapping[str, User], packages: Mapping[str, Package], now: dt.datetime) -> int:
    """Add the leads to a house that has none; return how many."""
    if session.scalar(select(Inquiry.id).limit(1)) is not None:
        return 0
    asked = [Asked(card, now - card.hours * HOUR - 7 * number % 50 * MINUTE) for number, card in enumerate(CARDS)]
    asked += _bought(session, users, now) + _invited(users, packages, now)
    people: dict[str, LeadPerson] = {}
    for one in sorted(asked, key=lambda one: one.at):
        _write(session, one, people, users["admin"], now)
    session.flush()  # the admin's home counts them
    return len(asked)


def _bought(session: Session, users: Mapping[str, User], now: dt.datetime) -> list[Asked]:
    """Return the leads behind students' first packages: they asked shortly before."""
    found = []
    for number, card in enumerate(CONVERTED):
        user = users[card.key]
        wanted = select(Enrolment).where(Enrolment.user_id == user.id, Enrolment.enrolled_at < now)
        first = session.scalars(wanted.order_by(Enrolment.enrolled_at, Enrolment.id).limit(1)).first()
        if first is not None:
            before = first.enrolled_at - (20 + number * 11 % 50) * HOUR
            found.append(Asked(card, before, user, first))
    return found


def _invited(users: Mapping[str, User], packages: Mapping[str, Package], now: dt.datetime) -> list[Asked]:
    """Return the leads of newcomers who were sent a payment link and have not paid yet."""
    slug = "jee-complete" if "jee-complete" in packages else next(iter(packages))
    return [Asked(card, now - card.hours * HOUR, users[card.key], None, packages[slug]) for card in INVITED]


def _write(session: Session, one: Asked, people: dict[str, LeadPerson], admin: User, now: dt.datetime) -> None:
    card = one.card
    email = one.user.email if one.user else card.email
    lead = Inquiry(
        name=card.name,
        email=email,
        phone=card.phone,
        email_key=email_key(email),
        phone_key=phone_key(card.phone),
        person=people.get(phone_key(card.phone)) or LeadPerson(created_at=one.at),
        exam=Exam(card.exam),
        rank=card.rank,
        category=card.category,
        state=card.state,
        message=card.message,
        consent_at=one.at,
        source=card.source,
        utm_source=card.source if card.campaign else "",
        utm_campaign=card.campaign,
        asked_at=one.at,
        answer_due_at=answer_due(one.at),
        position=position_on_top(one.at),
        ticket_number=next_ticket(one.at),
    )
    session.add(lead)
    session.flush()  # its lines need its key
    story = _Story(session, lead, admin, now)
    story.begin(again=phone_key(card.phone) in people)
    people[phone_key(card.phone)] = lead.person
    story.tell(one)


class _Story:
    """Writes what happened to a lead as the services would have, at times of the past."""

    def __init__(self, session: Session, lead: Inquiry, admin: User, now: dt.datetime) -> None:
        self._session, self._lead, self._admin, self._now = session, lead, admin, now
        self._at = lead.asked_at

    def begin(self, *, again: bool) -> None:
        """Say that somebody asked, and if they asked before."""
        self._line(EventKind.CREATED, actor=None, data={"source": self._lead.source})
        if again:
            self._line(EventKind.DUPLICATE, actor=None, body="Asked before", data={"others": []})

    def tell(self, one: Asked) -> None:
        """Walk through the card's steps, in order, some hours apart, none of them in the future."""
        for step in one.card.steps:
            self._later(one.card.pace)
            kind, _, words = step.partition(":")
            self._step(kind, words.strip(), one)
        if one.card.follow_up is not None:
            today = local_date(self._now, DEFAULT_ZONE)
            self._change(EventKind.FOLLOW_UP, follow_up_on=today + dt.timedelta(days=one.card.follow_up))

    def _step(self, kind: str, words: str, one: Asked) -> None:
        if kind == "mine":
            self._change(EventKind.ASSIGNEE, assignee=self._admin)
        elif kind == "note":
            self._line(EventKind.NOTE, body=words)
        elif kind in CALLS:
            self._call(CALLS[kind], words)
        elif kind == "mail":
            self._answered()
            self._change(EventKind.MAIL, body=words, data={"subject": "Your question to us"}, **self._contacted())
        elif kind == "closed":
            self._lead.closed_at = self._at
            self._change(EventKind.STATUS, body=words, status=InquiryStatus.CLOSED)
        elif kind == "converted":
            self._convert(one)

    def _call(self, outcome: CallOutcome, words: str) -> None:
        changes: dict[str, Any] = {}
        if outcome is not CallOutcome.NO_ANSWER:
            self._answered()
            changes = self._contacted()
        self._change(EventKind.CALL, body=words, outcome=outcome, **changes)

    def _answered(self) -> None:
        self._lead.answered_at = self._lead.answered_at or self._at

    def _contacted(self) -> dict[str, Any]:
        return {"status": InquiryStatus.CONTACTED} if self._lead.status in (None, InquiryStatus.NEW) else {}

    def _convert(self, one: Asked) -> None:
        self._answered()
        if one.enrolment is not None:
            self._at = one.enrolment.enrolled_at
        self._lead.converted_at, self._lead.converted_user = self._at, one.user
        self._lead.converted_enrolment, self._lead.wanted_package = one.enrolment, one.package
        name = one.enrolment.title if one.enrolment else one.package.name if one.package else ""
        data = {"way": "link", "invited": one.package is not None, "package": name}
        self._change(EventKind.CONVERTED, data=data, status=InquiryStatus.CONVERTED)
        if one.enrolment is not None:
            self._line(EventKind.PAID, actor=None, body=one.enrolment.title, data={"package": one.enrolment.title})

    def _change(
        self,
        kind: EventKind,
        *,
        body: str = "",
        outcome: CallOutcome | None = None,
        data: dict[str, Any] | None = None,
        **values: Any,
    ) -> None:
        changes = []
        for name, after in values.items():
            before = words_of(name, getattr(self._lead, name) or (InquiryStatus.NEW if name == "status" else None))
            changes.append(
                {"field": name, "label": FIELD_LABELS[name], "before": before, "after": words_of(name, after)}
            )
            setattr(self._lead, name, after)
        self._lead.version = (self._lead.version or 1) + 1
        more = {"version": self._lead.version, "changes": changes, **(data or {})}
        self._line(kind, body=body, outcome=outcome, data=more)

    def _line(
        self,
        kind: EventKind,
        *,
        body: str = "",
        outcome: CallOutcome | None = None,
        data: dict[str, Any] | None = None,
        **who: User | None,
    ) -> None:
        actor = who.get("actor", self._admin)
        self._session.add(
            InquiryEvent(
                inquiry_id=self._lead.id,
                kind=kind,
                at=self._at,
                actor_id=actor.id if actor else None,
                body=body,
                outcome=outcome,
                data=data or {},
            )
        )

    def _later(self, pace: float) -> None:
        """Go on by some hours, but never beyond the present."""
        self._at = min(self._at + pace * HOUR, self._now - MINUTE)
