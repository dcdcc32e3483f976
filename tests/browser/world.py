"""Makes people and packages straight in the running app's database, so that no two tests meet."""

from __future__ import annotations

import datetime as dt
import json
import time
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import quote

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from tests.browser.holder import RunningApp
from tests.factories import make_counsellor, make_enrolment, make_package, make_session, make_user
from webapp import create_app
from webapp.accounts.devices import Device, open_login
from webapp.accounts.models import LoginKind, Role, User
from webapp.accounts.passwords import hash_password
from webapp.bookings.models import CounsellingSession
from webapp.bookings.services import book_session
from webapp.config import Settings
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.core.embedded import PostgresServer, RedisServer
from webapp.core.jobs import get_redis
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.packages.models import Package

PASSWORD = "Kavi-ta-2026"
EVERY_DAY = [(weekday, 600, 780) for weekday in range(7)]  # 10:00–13:00
T = TypeVar("T")
Mail = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """A made account; ``login`` is what its cookie carries."""

    id: int
    name: str
    email: str
    login: str
    public_id: str


@dataclass(frozen=True, slots=True)
class Counselling:
    """A made counsellor with login and profile."""

    id: int
    public_id: str
    person: Person

    @property
    def name(self) -> str:
        """The name students see."""
        return self.person.name

    @property
    def picker(self) -> str:
        """The address of the slot picker."""
        return f"/book/{self.public_id}"


@dataclass(frozen=True, slots=True)
class Bought:
    """A student with an enrolment."""

    person: Person
    enrolment: str
    enrolment_id: int
    package: str


class World:
    """Writes committed rows; every call is one transaction."""

    def __init__(self, running: RunningApp) -> None:
        self.running = running
        secret, sealing = ((running.data_dir / f"{name}_key").read_text().strip() for name in ("secret", "encryption"))
        self.app: Flask = create_app(
            Settings.model_validate(
                {
                    "app_env": "demo",
                    "secret_key": secret,
                    "encryption_key": sealing,
                    "base_url": running.address,
                    "payment_gateway": "sandbox",
                    "database_url": PostgresServer(running.data_dir).url,
                    "redis_url": RedisServer(running.data_dir).url,
                    "data_dir": running.data_dir,
                }
            )
        )
        self._password_hash = hash_password(PASSWORD)

    def close(self) -> None:
        """Let go of the servers."""
        with self.app.app_context():
            db.engine.dispose()
            get_redis().close()

    def write(self, work: Callable[[], T]) -> T:
        """Run ``work`` in one committed transaction."""
        with self.app.app_context():
            with transaction():
                found = work()
            db.session.remove()
            return found

    def student(self, name: str = "Ira Sen", *, verified: bool = True) -> Person:
        """Make a student who can sign in with PASSWORD."""
        return self.write(lambda: self._person(name, Role.STUDENT, verified=verified))

    def admin(self) -> Person:
        """Make an admin."""
        return self.write(lambda: self._person("Omar Khan", Role.ADMIN))

    def counsellor_without_profile(self) -> Person:
        """Make a counsellor's login that no profile belongs to yet."""
        return self.write(lambda: self._person("Leela Bhat", Role.COUNSELLOR))

    def counsellor(
        self, name: str = "Dr. Uma Rao", *, mode: str = "instant", windows: Any = None, **rules: Any
    ) -> Counselling:
        """Make a counsellor: instant, every day 10:00–13:00 IST, 30 minutes, 24 h notice unless said otherwise."""

        def work() -> Counselling:
            person = self._person(name, Role.COUNSELLOR)
            user = db.session.get_one(User, person.id)
            counsellor = make_counsellor(user=user, mode=mode, windows=windows or EVERY_DAY, rules=rules, rating=0)
            return Counselling(counsellor.id, counsellor.public_id, person)

        return self.write(work)

    def package(self, *counsellors: Counselling, sessions: int = 4, minutes: int = 30) -> str:
        """Make a package with these counsellors; return its slug."""
        slug = f"plan-{uuid.uuid4().hex[:12]}"

        def work() -> str:
            people = [db.session.get_one(Counsellor, one.id) for one in counsellors]
            make_package(counsellors=people, slug=slug, name="JEE Plan", max_sessions=sessions, session_minutes=minutes)
            return slug

        return self.write(work)

    def enrolled(self, *counsellors: Counselling, name: str = "Ira Sen", sessions: int = 4) -> Bought:
        """Make a student with a package of these counsellors."""
        person, slug = self.student(name), self.package(*counsellors, sessions=sessions)
        public_id, pk = self.give(person.email, slug)
        return Bought(person, public_id, pk, slug)

    def give(self, email: str, slug: str) -> tuple[str, int]:
        """Give the user with this address a package, as `flask enrol` does; return the enrolment's ids."""

        def work() -> tuple[str, int]:
            package = db.session.query(Package).filter_by(slug=slug).one()
            user = db.session.query(User).filter_by(email=email).one()
            now = clock.now()
            enrolment = make_enrolment(user, package, now=now, nudge_at=now + dt.timedelta(days=30))
            return enrolment.public_id, enrolment.id  # nudged no sooner: the running scheduler would at once

        return self.write(work)

    def book(self, bought: Bought, counsellor: Counselling, start: dt.datetime, agenda: str = "") -> str:
        """Book as the pages do, with mail and word to open pickers; return the session's public id."""

        def work() -> str:
            session = book_session(
                student=db.session.get_one(User, bought.person.id),
                counsellor_id=counsellor.public_id,
                enrolment_id=bought.enrolment,
                starts_at=start,
                agenda=agenda,
                meeting_mode="video",
                now=clock.now(),
            )
            return session.public_id

        return self.write(work)

    def session_at(self, bought: Bought, counsellor: Counselling, start: dt.datetime, **columns: Any) -> str:
        """Put a session, confirmed unless said otherwise, at any instant, also one that nobody could book any more."""

        def work() -> str:
            session: CounsellingSession = make_session(
                db.session.get_one(Enrolment, bought.enrolment_id),
                db.session.get_one(Counsellor, counsellor.id),
                start,
                **columns,
            )
            return session.public_id

        return self.write(work)

    def change(self, session_id: str, **columns: Any) -> None:
        """Overwrite columns of a session, as time or another program would."""

        def work() -> None:
            session = db.session.query(CounsellingSession).filter_by(public_id=session_id).one()
            for name, value in columns.items():
                setattr(session, name, value)

        self.write(work)

    def credits_left(self, bought: Bought) -> int:
        """Return how many sessions the student may still book."""
        return self.write(lambda: db.session.get_one(Enrolment, bought.enrolment_id).sessions_left)

    def end_logins(self, person: Person) -> None:
        """Sign a person out everywhere, as a password change elsewhere does."""

        def work() -> None:
            db.session.get_one(User, person.id).auth_version += 1

        self.write(work)

    def cookie(self, person: Person) -> str:
        """Return a signed-in session's cookie."""
        serializer = SecureCookieSessionInterface().get_signing_serializer(self.app)
        assert serializer is not None

        def work() -> str:
            user = db.session.get_one(User, person.id)
            device = Device("127.0.0.1", "Playwright")
            return open_login(user, kind=LoginKind.BROWSER, device=device, now=clock.now()).public_id

        return serializer.dumps({"login": self.write(work), "_user_id": person.login, "_fresh": True})

    def mails(self, to: str) -> list[Mail]:
        """Return captured mails to one address, the newest first."""
        with urllib.request.urlopen(f"{self.running.address}/dev/mail.json?to={quote(to)}", timeout=30) as answer:
            return cast(list[Mail], json.load(answer))

    def mail(self, to: str, word: str, seconds: float = 60) -> Mail:
        """Wait for a mail to ``to`` whose subject or text has ``word``."""
        deadline = time.monotonic() + seconds
        while True:
            found = [mail for mail in self.mails(to) if word.lower() in f"{mail['subject']} {mail['text']}".lower()]
            if found:
                return found[0]
            assert time.monotonic() < deadline, f"no mail with {word!r} to {to}: {self.mails(to)}"
            time.sleep(0.15)

    def _person(self, name: str, role: Role, *, verified: bool = True) -> Person:
        email = f"{name.rsplit(maxsplit=1)[-1].lower()}.{uuid.uuid4().hex[:10]}@pupil.test"
        user = make_user(
            name=name,
            email=email,
            role=role,
            password_hash=self._password_hash,
            email_verified_at=clock.now() if verified else None,
        )
        return Person(user.id, name, email, user.get_id(), user.public_id)
