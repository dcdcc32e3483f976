"""Finding anything by a few letters: accounts, leads, sessions, orders. As many statements whatever there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select, union_all
from sqlalchemy.orm import joinedload

from webapp.accounts.models import User
from webapp.audit.views import address_of
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules.states import SessionStatus
from webapp.core.db import db
from webapp.core.money import format_rupees
from webapp.core.textsearch import enough_to_search, matches, words_of
from webapp.core.times import format_when
from webapp.counsellors.models import Counsellor
from webapp.inquiries.models import Inquiry
from webapp.payments.models import Order, Payment, Receipt
from webapp.payments.queries.admin import RECEIPT_NUMBER, plain

MOST = 5  # of each kind
PEOPLE = 50  # whose sessions and orders are looked through, the newest accounts first
Ids = Select[int]


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found, with its page."""

    title: str
    text: str
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one kind."""

    title: str
    hits: Sequence[Hit]


def find_anything(typed: str, *, zone: str) -> list[Group] | None:
    """Return what begins with the words typed, or has exactly that number; None if too little was typed.

    Four statements. Times on the clock of ``zone``.
    """
    text = plain(typed)
    if not enough_to_search(text):
        return None
    found = [
        Group("Users", [_user(one) for one in _users(text)]),
        Group("Leads", [_lead(one) for one in _leads(text)]),
        Group("Sessions", [_session(one, zone) for one in _sessions(text)]),
        Group("Orders", [_order(one, zone) for one in _orders(text)]),
    ]
    return [group for group in found if group.hits]


def _users(text: str) -> list[User]:
    wanted = select(User).where(or_(matches(User.search, text), User.public_id == text))
    return list(db.session.scalars(wanted.order_by(User.active.desc(), User.id.desc()).limit(MOST)))


def _leads(text: str) -> list[Inquiry]:
    numbers = or_(Inquiry.public_id == text, Inquiry.ticket_number == text.upper())
    wanted = select(Inquiry).where(or_(matches(Inquiry.search, text) & _names_lead(text), numbers))
    return list(db.session.scalars(wanted.order_by(Inquiry.id.desc()).limit(MOST)))


def _names_lead(text: str) -> ColumnElement[bool]:
    """The index also knows the words of the message; here a lead is looked for by who asked."""
    who = func.concat_ws(" ", Inquiry.name, Inquiry.email, Inquiry.phone, Inquiry.ticket_number)
    return and_(*(who.icontains(word, autoescape=True) for word in words_of(text)))


def _people(text: str) -> ScalarSelect[int]:
    wanted = select(User.id).where(matches(User.search, text)).order_by(User.id.desc()).limit(PEOPLE)
    return wanted.scalar_subquery()


def _counsellors(text: str) -> ScalarSelect[int]:
    words = [Counsellor.name.icontains(word, autoescape=True) for word in text.split()]
    return select(Counsellor.id).where(*words).limit(PEOPLE).scalar_subquery()


def _sessions(text: str) -> list[CounsellingSession]:
    """Each way in has its index; the latest few of each are put together."""
    ways = (
        CounsellingSession.student_id.in_(_people(text)),
        CounsellingSession.counsellor_id.in_(_counsellors(text)),
        CounsellingSession.public_id == text,
    )
    shown = CounsellingSession.status != SessionStatus.HELD
    found = union_all(
        *(
            _few(select(CounsellingSession.id).where(way, shown).order_by(CounsellingSession.starts_at.desc()))
            for way in ways
        )
    )
    wanted = (
        select(CounsellingSession)
        .where(CounsellingSession.id.in_(found))
        .options(joinedload(CounsellingSession.student), joinedload(CounsellingSession.counsellor))
        .order_by(CounsellingSession.starts_at.desc())
    )
    return list(db.session.scalars(wanted.limit(MOST)))


def _orders(text: str) -> list[Order]:
    paid = select(Payment.order_id).where(or_(Payment.gateway_payment_id == text, Payment.public_id == text))
    ways: list[ColumnElement[bool]] = [
        Order.user_id.in_(_people(text)),
        Order.public_id == text,
        Order.gateway_order_id == text,
        Order.id.in_(paid),
    ]
    if match := RECEIPT_NUMBER.fullmatch(text):
        year, number = match.groups()
        receipt = select(Receipt.order_id).where(Receipt.financial_year == year, Receipt.number == int(number))
        ways.append(Order.id.in_(receipt))
    found = union_all(*(_few(select(Order.id).where(way).order_by(Order.id.desc())) for way in ways))
    wanted = select(Order).where(Order.id.in_(found)).options(joinedload(Order.user)).order_by(Order.id.desc())
    return list(db.session.scalars(wanted.limit(MOST)))


def _few(wanted: Select[int]) -> Select[int]:
    few = wanted.limit(MOST).subquery()
    return select(few.c[0])


def _user(one: User) -> Hit:
    closed = "" if one.active else ", deactivated"
    text = f"{one.role.value.capitalize()}{closed} · {one.email}"
    return Hit(one.name, text, url_for("people.person", public_id=one.public_id), "user-circle")


def _lead(one: Inquiry) -> Hit:
    url = address_of("inquiry", one.public_id)
    return Hit(one.name, f"{one.ticket_number} · {one.status.value}", url, "phone")


def _session(one: CounsellingSession, zone: str) -> Hit:
    status = one.status.value.replace("_", " ")
    text = f"{format_when(one.starts_at, zone)} · {one.counsellor.name} · {status}"
    return Hit(one.student.name, text, url_for("bookings.detail", public_id=one.public_id), "video")


def _order(one: Order, zone: str) -> Hit:
    text = f"{one.title} · {format_rupees(one.amount)} · {one.status.value}, {format_when(one.placed_at, zone)}"
    return Hit(one.user.name, text, url_for("admin_payments.payment", public_id=one.public_id), "receipt")
