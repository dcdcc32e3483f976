"""Making counsellors and changing them: profile, photo, place in the list, single sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_service, make_user
from webapp.accounts.models import Role, User
from webapp.core.db import transaction
from webapp.core.errors import Conflict, DuplicateEntry, Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import profile_state, services_of
from webapp.counsellors.rules import ProfileText, Record, ServiceText
from webapp.counsellors.services import (
    add_service,
    create_counsellor,
    edit_service,
    invite_again,
    move_counsellor,
    move_service,
    set_photo,
    switch_service,
    update_counsellor,
    update_profile,
)
from webapp.counsellors.services.offers import MOST_SERVICES
from webapp.counsellors.services.profiles import StaleProfile
from webapp.notifications.models import OutboxMail

pytestmark = pytest.mark.usefixtures("db_session", "writing")
PROFILE = ProfileText(
    name="Kavita  Deshpande",
    title="NEET UG and AYUSH",
    bio="First.\r\n\r\n\r\n\r\nSecond.",
    exam_types=("neet", "jee"),
    languages=("English", "Marathi", "english"),
    experience=9,
    linkedin="www.linkedin.com/in/kavita",
)
SERVICE = ServiceText("Choice list check", "Line by line.", 45, 179900)


def create(actor: User, *, email: str = "kavita@example.com", profile: ProfileText = PROFILE) -> Counsellor:
    return create_counsellor(actor=actor, email=email, phone="98300 41270", profile=profile, record=Record(), now=NOW)[
        0
    ]


def update(actor: User, counsellor: Counsellor, *, seen: str | None = None, **changes: object) -> Counsellor:
    given = {"email": counsellor.email, "phone": "", "profile": PROFILE, "record": Record(), **changes}
    return update_counsellor(actor=actor, counsellor_id=counsellor.public_id, seen=seen, **given)  # type: ignore[arg-type]


@pytest.fixture
def writing(db_session: Session) -> Iterator[None]:
    with transaction():
        yield


@pytest.fixture
def admin() -> User:
    return make_user(role=Role.ADMIN, name="Rohan Mehta")


def mails(session: Session, template: str) -> list[OutboxMail]:
    return list(session.scalars(select(OutboxMail).where(OutboxMail.template == template)))


def test_a_new_counsellor_gets_login_invitation_and_the_last_place(db_session: Session, admin: User) -> None:
    make_counsellor(display_order=7)
    made = create(admin)
    assert (made.name, made.bio, made.phone) == ("Kavita Deshpande", "First.\n\nSecond.", "+919830041270")
    assert (made.exam_types, made.languages) == (["jee", "neet"], ["English", "Marathi"])
    assert made.social_links == {"linkedin": "https://www.linkedin.com/in/kavita"}
    assert (made.is_active, made.display_order) == (True, 8)
    assert made.user is not None
    assert (made.user.role, made.user.email) == (Role.COUNSELLOR, "kavita@example.com")
    (mail,) = mails(db_session, "invitation")
    assert mail.recipient == "kavita@example.com"
    assert mail.context["by"] == "Rohan Mehta"


def test_an_account_without_profile_gets_the_profile(db_session: Session, admin: User) -> None:
    user = make_user(role=Role.COUNSELLOR, email="kavita@example.com")
    assert create(admin).user_id == user.id
    assert not mails(db_session, "invitation")


def test_the_invitation_can_go_again_until_it_is_used(db_session: Session, admin: User) -> None:
    made = create(admin)
    later = NOW.replace(hour=9)
    invite_again(actor=admin, counsellor_id=made.public_id, now=later)
    assert len(mails(db_session, "invitation")) == 2
    assert made.user is not None
    made.user.email_verified_at = later
    with pytest.raises(InvalidState):
        invite_again(actor=admin, counsellor_id=made.public_id, now=later)


def test_production_takes_no_address_that_cannot_exist(
    app: Flask, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = create(admin, email="kavita@desk.test")
    production = app.config["SETTINGS"].model_copy(update={"app_env": "production"})
    monkeypatch.setitem(app.config, "SETTINGS", production)
    with pytest.raises(ValidationFailed) as refused:
        update(admin, made, email="kavita2@desk.test")
    assert list(refused.value.fields) == ["email"]
    with pytest.raises(ValidationFailed) as refused:
        create(admin, email="other@desk.test")
    assert list(refused.value.fields) == ["email"]


@pytest.mark.parametrize("role", [Role.STUDENT, Role.ADMIN])
def test_an_address_of_another_role_is_refused_at_its_field(admin: User, role: Role) -> None:
    make_user(role=role, email="kavita@example.com")
    with pytest.raises(ValidationFailed) as refused:
        create(admin)
    assert list(refused.value.fields) == ["email"]


def test_a_second_profile_for_an_account_is_refused(admin: User) -> None:
    create(admin)
    with pytest.raises(DuplicateEntry) as refused:
        create(admin)
    assert "email" in refused.value.fields


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 4000),
        ("title", "\u200b "),
        ("title", "x" * 161),
        ("bio", "x" * 4001),
        ("short_bio", "x" * 301),
        ("location", "x" * 121),
        ("experience", -1),
        ("experience", 71),
        ("exam_types", ("jee", "gate")),
        ("languages", tuple(str(number) for number in range(21))),
        ("qualifications", ("x" * 121,)),
        ("linkedin", "javascript:alert(1)"),
        ("linkedin", "https://linkedin.com.evil.example/x"),
        ("linkedin", "http://[oops"),
        ("twitter", "https://linkedin.com/in/x"),
    ],
)
def test_what_a_profile_may_not_be(admin: User, field: str, value: object) -> None:
    with pytest.raises(ValidationFailed) as refused:
        create(admin, profile=replace(PROFILE, **{field: value}))  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    "record",
    [
        Record(students_guided=-1),
        Record(hourly_rate=10_000_000_000),
        Record(rating_start=Decimal("5.1")),
        Record(reviews_start=2_000_000),
        Record(display_order=10_000),
    ],
)
def test_what_the_record_may_not_be(admin: User, record: Record) -> None:
    with pytest.raises(ValidationFailed) as refused:
        update(admin, make_counsellor(), record=record)
    assert len(refused.value.fields) == 1


def test_everything_wrong_is_said_at_once(admin: User) -> None:
    with pytest.raises(ValidationFailed) as refused:
        update(
            admin, make_counsellor(), email="nobody", phone="12", profile=replace(PROFILE, name=""),
            record=Record(rating_start=Decimal(9)),
        )  # fmt: skip
    assert set(refused.value.fields) == {"email", "phone", "name", "rating_start"}


def test_an_admin_changes_all_of_it_and_strange_links_stay(admin: User) -> None:
    counsellor = make_counsellor(social_links={"site": "https://example.org", "twitter": "https://x.com/old"})
    update(admin, counsellor, email=" New@Example.com ", record=Record(hourly_rate=240000, is_featured=True))
    assert (counsellor.email, counsellor.hourly_rate, counsellor.is_featured) == ("new@example.com", 240000, True)
    assert counsellor.social_links == {"site": "https://example.org", "linkedin": "https://www.linkedin.com/in/kavita"}
    assert counsellor.user is not None
    assert counsellor.user.email != "new@example.com"  # the login keeps its own


def test_who_saves_second_is_told_first(admin: User) -> None:
    counsellor = make_counsellor()
    seen = profile_state(counsellor, with_record=True)
    counsellor.rating = Decimal("4.9")  # what forms do not show does not count
    counsellor.photo = "x" * 22
    update(admin, counsellor, seen=seen)
    with pytest.raises(StaleProfile):
        update(admin, counsellor, seen=seen)
    update(admin, counsellor, seen=profile_state(counsellor, with_record=True))
    update(admin, counsellor, seen=None)


def test_a_counsellor_changes_the_own_profile_and_no_other() -> None:
    mine, other = make_counsellor(hourly_rate=5), make_counsellor()
    me = mine.user
    assert me is not None
    update_profile(actor=me, counsellor_id=mine.public_id, phone="", profile=PROFILE, seen=None)
    assert (mine.name, mine.hourly_rate) == ("Kavita Deshpande", 5)
    with pytest.raises(NotFound):
        update_profile(actor=me, counsellor_id=other.public_id, phone="", profile=PROFILE, seen=None)
    with pytest.raises(NotFound):
        set_photo(actor=me, counsellor_id=other.public_id, name="x" * 22)
    with pytest.raises(Forbidden):
        update(me, mine)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR])
def test_outsiders_change_nothing(role: Role) -> None:
    outsider, counsellor = make_user(role=role), make_counsellor()
    service = make_service(counsellor)
    ids = {"actor": outsider, "counsellor_id": counsellor.public_id}
    for attempt in (
        lambda: create(outsider),
        lambda: update(outsider, counsellor),
        lambda: move_counsellor(**ids, up=True),  # type: ignore[arg-type]
        lambda: invite_again(**ids, now=NOW),  # type: ignore[arg-type]
        lambda: add_service(**ids, entry=SERVICE),  # type: ignore[arg-type]
        lambda: edit_service(**ids, service_id=service.public_id, entry=SERVICE),  # type: ignore[arg-type]
        lambda: switch_service(**ids, service_id=service.public_id, on=False),  # type: ignore[arg-type]
    ):
        with pytest.raises(Forbidden):
            attempt()
    with pytest.raises(NotFound):
        update_profile(**ids, phone="", profile=PROFILE, seen=None)  # type: ignore[arg-type]


def test_moving_renumbers_the_active_ones(admin: User) -> None:
    a, b, c = (make_counsellor(display_order=order) for order in (0, 0, 5))
    gone = make_counsellor(display_order=1, is_active=False)
    move_counsellor(actor=admin, counsellor_id=c.public_id, up=True)
    assert [one.display_order for one in (a, c, b, gone)] == [1, 2, 3, 1]
    move_counsellor(actor=admin, counsellor_id=a.public_id, up=True)  # the first stays the first
    move_counsellor(actor=admin, counsellor_id=a.public_id, up=False)
    assert [one.display_order for one in (c, a, b)] == [1, 2, 3]
    with pytest.raises(InvalidState):
        move_counsellor(actor=admin, counsellor_id=gone.public_id, up=True)
    with pytest.raises(NotFound):
        move_counsellor(actor=admin, counsellor_id="counsellor_nobody", up=True)


def test_services_are_added_changed_ordered_and_switched(admin: User) -> None:
    counsellor = make_counsellor()
    key = counsellor.public_id
    first = add_service(actor=admin, counsellor_id=key, entry=SERVICE)
    second = add_service(actor=admin, counsellor_id=key, entry=replace(SERVICE, title="Freeze or float", duration=30))
    move_service(actor=admin, counsellor_id=key, service_id=second.public_id, up=True)
    assert [one.title for one in services_of(counsellor.id)] == ["Freeze or float", "Choice list check"]
    edit_service(actor=admin, counsellor_id=key, service_id=first.public_id, entry=replace(SERVICE, price=100))
    switch_service(actor=admin, counsellor_id=key, service_id=first.public_id, on=False)
    assert (first.price, first.is_active) == (100, False)
    switch_service(actor=admin, counsellor_id=key, service_id=first.public_id, on=True)
    assert first.is_active


def test_a_service_of_somebody_else_is_not_found(admin: User) -> None:
    counsellor, other = make_counsellor(), make_service(make_counsellor())
    with pytest.raises(NotFound):
        switch_service(actor=admin, counsellor_id=counsellor.public_id, service_id=other.public_id, on=False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"description": "x" * 1001}, "description"),
        ({"duration": 40}, "duration"),
        ({"price": 0}, "price"),
        ({"price": 10_000_000_000}, "price"),
    ],
)
def test_what_a_service_may_not_be(admin: User, change: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        add_service(
            actor=admin,
            counsellor_id=make_counsellor().public_id,
            entry=replace(SERVICE, **change),  # type: ignore[arg-type]
        )
    assert list(refused.value.fields) == [field]


def test_there_is_an_end_to_services(admin: User) -> None:
    counsellor = make_counsellor()
    for _ in range(MOST_SERVICES):
        make_service(counsellor)
    with pytest.raises(Conflict):
        add_service(actor=admin, counsellor_id=counsellor.public_id, entry=SERVICE)
