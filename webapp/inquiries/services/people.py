"""Whose inquiry it is: everybody with the same mail address or phone is one person."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from webapp.core.db import db
from webapp.inquiries.models import Inquiry, LeadPerson, TicketCounter
from webapp.inquiries.rules import ticket_number, ticket_year

PEOPLE_LOCK = 0x6C656164  # any number that no other advisory lock has


def lock_people() -> None:
    """Wait until nobody else ties inquiries together, and keep it so until the transaction ends.

    One lock, not one for each key: submissions queue up for the ticket counter anyway, and with one lock two
    that share the address with one person and the phone with another can neither cross nor block each other.
    """
    db.session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": PEOPLE_LOCK})


def person_for(mail: str, phone: str, *, but: int | None = None) -> LeadPerson | None:
    """Return the person with these keys, None if there is none yet; the people's lock is held.

    If the address is one person's and the phone another's, the two are one from now on: the older stays.

    Args:
        but: key of an inquiry that does not count.
    """
    wanted = select(Inquiry.person_id).where(or_(Inquiry.email_key == mail, Inquiry.phone_key == phone))
    if but is not None:
        wanted = wanted.where(Inquiry.id != but)
    found = sorted(set(db.session.scalars(wanted)))
    if len(found) > 1:
        merge_people(found[0], found[1:])
    return db.session.get(LeadPerson, found[0]) if found else None


def new_person(now: dt.datetime) -> LeadPerson:
    """Make a person without inquiries."""
    person = LeadPerson(created_at=now)
    db.session.add(person)
    db.session.flush()  # the inquiry wants its key
    return person


def merge_people(stays: int, go: list[int]) -> None:
    """Make several people one; the people's lock is held."""
    theirs = select(Inquiry.id).where(Inquiry.person_id.in_(go)).order_by(Inquiry.id).with_for_update(key_share=True)
    moved = list(db.session.scalars(theirs))
    db.session.execute(
        update(Inquiry)
        .where(Inquiry.id.in_(moved))
        .values(person_id=stays, updated_at=Inquiry.updated_at)
        .execution_options(synchronize_session="fetch")
    )
    _drop_people(go)


def drop_if_empty(person_id: int) -> None:
    """Take a person away who has no inquiry left; the people's lock is held."""
    db.session.flush()  # the inquiry has left
    if not db.session.scalar(select(func.count()).select_from(Inquiry).where(Inquiry.person_id == person_id)):
        _drop_people([person_id])


def _drop_people(ids: list[int]) -> None:
    db.session.execute(delete(LeadPerson).where(LeadPerson.id.in_(ids)).execution_options(synchronize_session="fetch"))


def next_ticket(now: dt.datetime) -> str:
    """Return the next ticket number of the year in India; see `next_tickets`."""
    return next_tickets(now, 1)[0]


def next_tickets(now: dt.datetime, count: int) -> list[str]:
    """Return so many ticket numbers of the year in India, in order.

    The counter's row stays locked until the transaction ends, and a rollback gives the numbers back: so there
    is never a gap. It is the last lock a transaction takes.
    """
    year = ticket_year(now)
    counter = insert(TicketCounter).values(year=year, last_number=count)
    last: int = db.session.execute(
        counter.on_conflict_do_update(
            index_elements=["year"], set_={"last_number": TicketCounter.last_number + count}
        ).returning(TicketCounter.last_number)
    ).scalar_one()
    return [ticket_number(year, number) for number in range(last - count + 1, last + 1)]
