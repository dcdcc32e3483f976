"""Who looks at the pages of the demo, and what the names in their addresses stand for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from tests.browser.world import Person, World
from webapp.accounts.devices import Device, open_login
from webapp.accounts.models import BackupCode, EmailChange, LoginKind, Passkey, TwoFactor, User
from webapp.accounts.second_step import begin
from webapp.accounts.tokens import Purpose, Ticket, credentials_stamp, email_stamp, make_token
from webapp.bookings.models import CounsellingSession
from webapp.bookings.picker_url import write_instant
from webapp.bookings.queries import free_starts_for
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db
from webapp.counsellors.models import Counsellor, Service
from webapp.devtools.mailbox import list_mails
from webapp.enrolments.models import Enrolment
from webapp.exports.registry import find_export, read_params
from webapp.exports.services import ask_for_export
from webapp.inquiries.importing.services import take_file
from webapp.inquiries.models import Inquiry, InquiryStatus
from webapp.inquiries.services import InquiryInput, submit_inquiry
from webapp.inquiries.stamps import write_receipt
from webapp.notifications.unsubscribing import make_key
from webapp.packages.models import Package
from webapp.payments.models import Coupon, Order, Payment, Refund
from webapp.webhooks.services import WebhookEvent, create_endpoint, send_test

VISITOR, STUDENT, COUNSELLOR, ADMIN = "visitor", "student", "counsellor", "admin"
FRESH, UNVERIFIED, NO_PROFILE = "newcomer", "unverified", "counsellor without profile"
APPLICANT = "applicant"
MOVING = "moving to another address"
GUARDED, SETTING_UP = "student with two steps", "student setting two steps up"


class Demo:
    """Finds in the demo's data what the addresses name, and the people who look."""

    def __init__(self, world: World) -> None:
        self.world = world

    def address(self, template: str) -> str:
        """Fill in the names of an address."""
        return re.sub(r"\{(\w+)\}", lambda found: self._values[found.group(1)](), template)

    def person(self, role: str) -> Person | None:
        """Return who looks; None for a visitor."""
        return self._people[role]

    @cached_property
    def _people(self) -> dict[str, Person | None]:
        world = self.world
        return {
            VISITOR: None,
            STUDENT: self._demo_person("student@demo.test"),
            COUNSELLOR: self._demo_person("counsellor@demo.test"),
            ADMIN: self._demo_person("admin@demo.test"),
            FRESH: world.student("Zoya Khan"),
            UNVERIFIED: world.student("Nikhil Bansal", verified=False),
            NO_PROFILE: world.counsellor_without_profile(),
            APPLICANT: self._demo_person("tariq.ansari@demo.test"),
            MOVING: self._moving[0],
            GUARDED: self._guarded(),
            SETTING_UP: self._setting_up(),
        }

    @cached_property
    def _values(self) -> dict[str, Callable[[], str]]:
        return {
            "meera": lambda: self._counsellor("Dr. Meera%"),
            "sourav": lambda: self._counsellor("Sourav%"),
            "applicant": lambda: self._counsellor("Tariq Ansari"),
            "left": lambda: self._counsellor("Gopika Menon"),
            "hers_alone": self._service_of_meera,
            "pupil": self._pupil,
            "soon": lambda: str((clock.now() + dt.timedelta(days=3)).date()),
            "past": lambda: "2025-12-12T05:00Z",
            "start": self._free_start,
            "mail": self._mail,
            "refusal": self._refusal,
            "verify": lambda: self._token(Purpose.VERIFY),
            "reset": lambda: self._token(Purpose.RESET),
            "invite": lambda: self._token(Purpose.INVITE),
            "agree_old": lambda: self._moving[1],
            "agree_new": lambda: self._moving[2],
            "requested": lambda: self._session(SessionStatus.REQUESTED),
            "scheduled": lambda: self._session(SessionStatus.SCHEDULED),
            "completed": lambda: self._session(SessionStatus.COMPLETED),
            "declined": lambda: self._session(SessionStatus.DECLINED),
            "cancelled": lambda: self._session(SessionStatus.CANCELLED),
            "hers": lambda: self._of_meera(SessionStatus.COMPLETED),
            "ahead": lambda: self._of_meera(SessionStatus.SCHEDULED),
            "service": lambda: self._first(Service.public_id),
            "payment": lambda: self._own(Payment.public_id, Payment.order),
            "order": lambda: self._own(Order.public_id),
            "gateway_order": lambda: self._own(Order.gateway_order_id),
            "refund": lambda: self._first(Refund.public_id),
            "package": self._package,
            "coupon": lambda: self._first(Coupon.public_id),
            "enrolment": lambda: self._first(Enrolment.public_id),
            "export": self._export,
            "import": self._import,
            "lead": self._lead,
            "endpoint": lambda: self._webhook[0],
            "delivery": lambda: self._webhook[1],
            "ticket": self._ticket,
        }

    def _demo_person(self, email: str) -> Person:
        def work() -> Person:
            user = db.session.scalars(select(User).where(User.email == email)).one()
            return Person(user.id, user.name, user.email, user.get_id(), user.public_id)

        return self.world.write(work)

    def _setting_up(self) -> Person:
        person = self.world.student("Kiran Das")
        self.world.write(lambda: begin(actor=db.session.get_one(User, person.id), now=clock.now()))
        return person

    def _guarded(self) -> Person:
        """Make somebody with an app, two passkeys, few backup codes, and another device."""
        person, now = self._setting_up(), clock.now()

        def work() -> None:
            user = db.session.get_one(User, person.id)
            db.session.get_one(TwoFactor, user.id).confirmed_at = now
            for number in (1, 2):
                db.session.add(BackupCode(user_id=user.id, code_hash=f"{number}", created_at=now))
                name = f"My phone, the one with the long name {number}"
                key = {"credential_id": f"{person.public_id}-{number}", "public_key": b"", "transports": []}
                db.session.add(Passkey(user_id=user.id, name=name, created_at=now, **key))
            device = Device("203.0.113.7", "Mozilla/5.0 (iPhone) Version/17.5 Safari/604.1", place="Kolkata, India")
            open_login(user, kind=LoginKind.BROWSER, device=device, now=now)

        self.world.write(work)
        return person

    def _counsellor(self, name: str) -> str:
        wanted = select(Counsellor.public_id).where(Counsellor.name.like(name)).order_by(Counsellor.id).limit(1)
        return self.world.write(lambda: db.session.scalars(wanted).one())

    def _service_of_meera(self) -> str:
        wanted = select(Service.public_id).join(Service.counsellor).where(Counsellor.name.like("Dr. Meera%")).limit(1)
        return self.world.write(lambda: db.session.scalars(wanted).one())

    def _session(self, status: SessionStatus) -> str:
        student = self.person(STUDENT)
        assert student
        wanted = select(CounsellingSession.public_id).where(
            CounsellingSession.student_id == student.id, CounsellingSession.status == status
        )
        if status is SessionStatus.REQUESTED:  # the one that the demo's counsellor answers
            wanted = wanted.where(CounsellingSession.counsellor.has(Counsellor.name.like("Dr. Meera%")))
        return self.world.write(lambda: db.session.scalars(wanted.limit(1)).one())

    def _of_meera(self, status: SessionStatus) -> str:
        wanted = select(CounsellingSession.public_id).where(
            CounsellingSession.status == status, CounsellingSession.counsellor.has(Counsellor.name.like("Dr. Meera%"))
        )
        return self.world.write(lambda: db.session.scalars(wanted.limit(1)).one())

    def _package(self) -> str:
        wanted = select(Package.public_id).where(Package.slug == "jee-complete")
        return self.world.write(lambda: db.session.scalars(wanted).one())

    def _lead(self) -> str:
        wanted = select(Inquiry.public_id).where(Inquiry.status == InquiryStatus.CONTACTED).order_by(Inquiry.id)
        return self.world.write(lambda: db.session.scalars(wanted.limit(1)).one())

    def _first(self, column: InstrumentedAttribute[str]) -> str:
        return self.world.write(lambda: db.session.scalars(select(column).limit(1)).one())

    def _own(self, column: InstrumentedAttribute[Any], through: InstrumentedAttribute[Any] | None = None) -> str:
        student = self.person(STUDENT)
        assert student
        wanted = select(column)
        wanted = wanted.join(through) if through is not None else wanted
        wanted = wanted.where(Order.user_id == student.id, column.is_not(None)).order_by(Order.id).limit(1)
        return str(self.world.write(lambda: db.session.scalars(wanted).one()))

    @cached_property
    def _webhook(self) -> tuple[str, str]:
        """An endpoint with a delivery to it; nobody listens there."""

        def work() -> tuple[str, str]:
            admin = db.session.scalars(select(User).where(User.email == "admin@demo.test")).one()
            url, now = "http://127.0.0.1:18099/hook", clock.now()
            endpoint, _ = create_endpoint(
                actor=admin, url=url, events=[WebhookEvent.SESSION_BOOKED], description="A neighbour", now=now
            )
            delivery = send_test(actor=admin, endpoint_id=endpoint.public_id, now=now)
            return endpoint.public_id, delivery.public_id

        return self.world.write(work)

    def _export(self) -> str:
        """A long export that a job is to make."""

        def work() -> str:
            admin = db.session.scalars(select(User).where(User.email == "admin@demo.test")).one()
            params = read_params([("status", "succeeded")], now=clock.now(), zone=admin.zone)
            return ask_for_export(
                find_export("payments"),
                params,
                owner_id=admin.id,
                zone=admin.zone,
                total=12_345,
                at_once=False,
                now=clock.now(),
            ).public_id

        return self.world.write(work)

    def _import(self) -> str:
        """A file of leads with a good and a bad row."""
        content = b"Name,Mail,Phone,Exam\nIra Das,ira@example.com,98300 12345,NEET\nNo Mail,none,98300 12346,NEET\n"

        def work() -> str:
            admin = db.session.scalars(select(User).where(User.email == "admin@demo.test")).one()
            return take_file(actor=admin, filename="fair.csv", content=content).public_id

        return self.world.write(work)

    def _ticket(self) -> str:
        def work() -> str:
            typed = InquiryInput("Tara Bose", "tara.bose@example.com", "9830041270", "neet", consent=True)
            return write_receipt(submit_inquiry(entry=typed, now=clock.now()).public_id)

        return self.world.write(work)

    def _pupil(self) -> str:
        student = self.person(STUDENT)
        assert student
        return student.public_id

    def _free_start(self) -> str:
        def work() -> str:
            who = db.session.scalars(select(Counsellor).where(Counsellor.name.like("Sourav%"))).one()
            first = clock.now().date() + dt.timedelta(days=4)
            last = first + dt.timedelta(days=6)  # whichever weekday it is, one of the seven has hours
            return write_instant(
                free_starts_for(who, student_id=None, duration=None, first=first, last=last, now=clock.now())[0]
            )

        return self.world.write(work)

    def _refusal(self) -> str:
        person = self.world.student("Tara Bose")
        return self.world.write(lambda: make_key(person.public_id, "session_reminder"))

    def _token(self, purpose: Purpose) -> str:
        person = self.world.student("Tara Bose", verified=False)

        def work() -> str:
            user = db.session.get_one(User, person.id)
            stamp = email_stamp(user) if purpose is Purpose.VERIFY else credentials_stamp(user)
            return make_token(purpose, Ticket(user.public_id, stamp, clock.now()))

        return self.world.write(work)

    @cached_property
    def _moving(self) -> tuple[Person, str, str]:
        """Somebody whose change of address waits, and the links that went to the old and the new one."""
        person = self.world.student("Tara Bose")

        def work() -> list[str]:
            user, now = db.session.get_one(User, person.id), clock.now()
            change = EmailChange(user_id=user.id, new_email="tara.bose@new.example", asked_at=now)
            change.expires_at = now + dt.timedelta(hours=24)
            db.session.add(change)
            db.session.flush()
            sides = (f"{change.public_id}.{side}" for side in ("old", "new"))
            return [make_token(Purpose.MAIL_CHANGE, Ticket(user.public_id, stamp, now)) for stamp in sides]

        old, new = self.world.write(work)
        return person, old, new

    def _mail(self) -> str:
        """A mail with a calendar file: that of a session booked now."""
        counsellor = self.world.counsellor()
        bought = self.world.enrolled(counsellor)
        start = (clock.now() + dt.timedelta(days=4)).replace(hour=5, minute=0, second=0, microsecond=0)
        self.world.book(bought, counsellor, start)
        self.world.mail(bought.person.email, "confirmed")
        return list_mails(self.world.running.data_dir / "mail", to=bought.person.email)[0].name
