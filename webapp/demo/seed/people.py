"""The people of the demo: three logins to try, students who book, newcomers who have not begun."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.accounts.models import Role, User
from webapp.core.times import DEFAULT_ZONE

DOMAIN = "demo.test"


@dataclass(frozen=True, slots=True)
class Person:
    """A user to make; ``joined`` is days ago."""

    key: str
    name: str
    email: str
    role: Role = Role.STUDENT
    joined: int = 45
    verified: bool = True
    zone: str = DEFAULT_ZONE
    phone: str | None = None


def _student(key: str, name: str, joined: int = 45, *, verified: bool = True) -> Person:
    return Person(key, name, f"{name.lower().replace(' ', '.')}@{DOMAIN}", joined=joined, verified=verified)


LOGINS = (
    Person("ananya", "Ananya Chatterjee", f"student@{DOMAIN}", joined=120, phone="+919830012345"),
    Person("meera", "Dr. Meera Krishnan", f"counsellor@{DOMAIN}", Role.COUNSELLOR, joined=700),
    Person("admin", "Rohan Mehta", f"admin@{DOMAIN}", Role.ADMIN, joined=720),
)
STUDENTS = {
    "jee": (
        _student("tanvi", "Tanvi Joshi", 62),
        _student("aditya", "Aditya Rao", 58),
        _student("ishaan", "Ishaan Mukherjee", 71),
        _student("faizan", "Mohammed Faizan", 49),
        _student("sneha", "Sneha Patil", 44),
        _student("rahul", "Rahul Nair", 52),
        _student("prerna", "Prerna Singh", 41),
        _student("arnav", "Arnav Gupta", 66),
        _student("rohan", "Rohan Mhatre", 80),
        _student("ishita", "Ishita Rastogi", 77),
        _student("vikram", "Vikram Shetty", 50),
        _student("riya", "Riya Malhotra", 42),
        _student("yash", "Yash Agarwal", 48),
    ),
    "neet": (
        _student("meher", "Meher Bano", 55),
        _student("joel", "Joel Fernandes", 47),
        _student("shabnam", "Shabnam Parveen", 69),
        _student("kavya", "Kavya Reddy", 43),
        _student("fatima", "Fatima Sheikh", 51),
        _student("harsh", "Harsh Vardhan", 45),
        _student("simran", "Simran Kaur", 40),
    ),
    "wbjee": (
        _student("debjit", "Debjit Sarkar", 59),
        _student("priyanka", "Priyanka Ghosh", 46),
        _student("soumya", "Soumya Dutta", 54),
    ),
}
NEWCOMERS = (
    _student("kabir", "Kabir Sethi", 9),
    _student("zoya", "Zoya Khan", 3),
    _student("nikhil", "Nikhil Bansal", 2, verified=False),
    _student("harini", "Harini Subramaniam", 1, verified=False),
)


def everyone() -> list[Person]:
    """Return all people except counsellors other than the one with a login to try."""
    return [*LOGINS, *(person for pool in STUDENTS.values() for person in pool), *NEWCOMERS]


def existing_users(session: Session, emails: Iterable[str]) -> dict[str, User]:
    """Return users by lower-case mail address."""
    found = session.scalars(select(User).where(func.lower(User.email).in_([mail.lower() for mail in emails])))
    return {user.email.lower(): user for user in found}


def missing(people: Iterable[Person], users: dict[str, User]) -> list[Person]:
    """Return who has no account yet."""
    return [person for person in people if person.email.lower() not in users]


def make_users(session: Session, people: Iterable[Person], *, password_hash: str, now: dt.datetime) -> dict[str, User]:
    """Add accounts that all share one password; return them by mail address."""
    made = {person.email: _user(person, password_hash, now) for person in people}
    session.add_all(made.values())
    session.flush()  # the profiles need their ids
    return made


def _user(person: Person, password_hash: str, now: dt.datetime) -> User:
    joined = now - dt.timedelta(days=person.joined, hours=len(person.name) % 9)
    return User(
        email=person.email,
        name=person.name,
        phone=person.phone,
        password_hash=password_hash,
        role=person.role,
        zone=person.zone,
        email_verified_at=joined + dt.timedelta(minutes=4) if person.verified else None,
        created_at=joined,
    )
