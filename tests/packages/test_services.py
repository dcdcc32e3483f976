"""Making, changing, ordering, archiving and deleting packages: the rules that pages and API share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_user
from tests.packages.desk import an_admin, good, names
from webapp.accounts.models import Role, User
from webapp.audit.models import ActorKind, AuditEntry
from webapp.audit.watching import Actor, who_acts
from webapp.audited import init_audit
from webapp.core.db import db, transaction
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.enrolments.models import Enrolment
from webapp.packages import services
from webapp.packages.errors import PackageInUse, SlugTaken, StaleVersion
from webapp.packages.models import Package, PackageFeature
from webapp.packages.queries.desk import DeskFilter, is_used, referring_columns
from webapp.packages.rules.editing import FeatureInput
from webapp.packages.versions import as_input, version_of
from webapp.payments.models import Coupon, DiscountType


@pytest.fixture
def admin(db_session: Session) -> User:
    return an_admin()


@pytest.fixture
def logged(admin: User) -> Iterator[None]:
    who_acts(lambda: Actor(ActorKind.ADMIN, admin.id, admin.name))
    yield
    init_audit()


def make(admin: User, **changes: Any) -> Package:
    with transaction():
        return services.create_package(actor=admin, data=good(**changes), now=NOW)


def change(admin: User, package: Package, *, version: str | None = None, **changes: Any) -> Package:
    with transaction():
        return services.update_package(
            actor=admin, package_id=package.public_id, data=good(**changes), now=NOW, version=version
        )


def test_a_package_with_every_field(admin: User) -> None:
    one, two = make_counsellor(calendar=False), make_counsellor(calendar=False)
    make_package(display_order=7)
    made = make(
        admin,
        description="One.\r\n\r\nTwo.",
        discount_percentage=Decimal(25),
        highlights=("Parent joins",),
        counsellor_ids=(two.public_id, one.public_id),
        badge="New",
        badge_color="#3730A3",
        terms="Terms",
        is_featured=True,
    )
    db.session.expire_all()
    assert (made.discount_price, made.selling_price, made.display_order) == (1_499_900, 1_499_900, 8)
    assert (made.badge_color, made.description, made.total_enrolments) == ("#3730a3", "One.\n\nTwo.", 0)
    assert [(line.title, line.included) for line in made.features] == [("Choice list", True), ("Hostel help", False)]
    assert made.counsellors == [one, two]
    assert made.public_id.startswith("pkg_")


def test_an_address_is_made_from_the_name_and_is_free(admin: User) -> None:
    assert [make(admin, slug="").slug for _ in range(3)] == ["neet-steady", "neet-steady-2", "neet-steady-3"]
    third = db.session.scalars(select(Package).where(Package.slug == "neet-steady-3")).one()
    assert change(admin, third, slug="").slug == "neet-steady-3"


def test_an_address_that_is_taken_is_named_with_the_other_fields(admin: User) -> None:
    make_package(slug="neet-steady", is_archived=True)
    db.session.commit()
    with pytest.raises(ValidationFailed) as refused:
        make(admin, price=0, counsellor_ids=("counsellor_unknown",))
    assert set(refused.value.fields) == {"slug", "price", "counsellor_ids"}
    with pytest.raises(SlugTaken), transaction():  # the database has the last word
        db.session.add(Package(name="x", slug="neet-steady", exam_type="jee", price=1, validity_days=1))


def test_a_change_writes_features_and_counsellors_and_keeps_what_was_bought(admin: User) -> None:
    package = make(admin)
    enrolment = make_enrolment(make_user(), package)
    bought = (enrolment.sessions_total, enrolment.session_minutes, enrolment.expires_at, enrolment.title)
    changed = change(
        admin, package, name="NEET Swift", max_sessions=2, session_minutes=30, validity_days=10,
        features=(FeatureInput("Only this"),),
    )  # fmt: skip
    db.session.expire_all()
    assert [line.title for line in changed.features] == ["Only this"]
    assert db.session.scalar(select(func.count()).select_from(PackageFeature)) == 1
    assert (enrolment.sessions_total, enrolment.session_minutes, enrolment.expires_at, enrolment.title) == bought


def test_a_removed_discount_is_gone(admin: User) -> None:
    package = make(admin, discount_price=1_000_000)
    assert change(admin, package, discount_percentage=Decimal(0)).discount_price is None


def test_the_second_editor_learns_what_the_first_changed(admin: User) -> None:
    package = make(admin)
    seen = version_of(as_input(package))
    change(admin, package, version=seen, price=1_899_900, badge="New")
    with pytest.raises(StaleVersion) as stale:
        change(admin, package, version=seen, name="NEET Steadier")
    assert [(one.label, one.now) for one in stale.value.changes] == [("Price", "₹18,999"), ("Badge", "New")]
    assert db.session.get_one(Package, package.id).name == "NEET Steady"
    now_seen = version_of(as_input(package))
    assert change(admin, package, version=now_seen, name="NEET Steadier", price=1_899_900, badge="New").badge == "New"


def test_the_same_change_by_both_and_a_purchase_disturb_nobody(admin: User) -> None:
    package = make(admin)
    seen = version_of(as_input(package))
    change(admin, package, version=seen, price=1_899_900)
    package.total_enrolments += 1
    package.display_order = 99
    db.session.commit()
    assert change(admin, package, version=seen, price=1_899_900, badge="Hot").badge == "Hot"


def test_a_version_that_is_none_counts_as_old(admin: User) -> None:
    package = make(admin)
    with pytest.raises(StaleVersion):
        change(admin, package, version="nonsense", name="Other")
    assert change(admin, package, version="nonsense").name == "NEET Steady"  # nothing would be lost


def test_places_within_a_part_leave_the_others_where_they_are(admin: User) -> None:
    made = {name: make_package(name=name, display_order=0) for name in "abcde"}
    with transaction():
        ids = [made[name].public_id for name in ("e", "a", "c")]
        services.place_packages(actor=admin, package_ids=ids, now=NOW)
    assert names() == ["e", "b", "a", "d", "c"]
    with transaction():
        services.reorder_packages(actor=admin, places={made["c"].public_id: 0, made["b"].public_id: 9}, now=NOW)
    assert names() == ["c", "e", "a", "d", "b"]


def test_up_and_down_among_those_shown(admin: User) -> None:
    for place, (name, exam) in enumerate([("a", "jee"), ("n", "neet"), ("b", "jee"), ("c", "jee")], 1):
        make_package(name=name, exam_type=exam, display_order=place)
    jee = DeskFilter(exam=db.session.scalars(select(Package.exam_type).where(Package.name == "a")).one())

    def move(name: str, step: int, within: DeskFilter = jee) -> list[str]:
        found = db.session.scalars(select(Package).where(Package.name == name)).one()
        with transaction():
            services.move_package(actor=admin, package_id=found.public_id, step=step, within=within, now=NOW)
        return names()

    assert move("b", -1) == ["b", "n", "a", "c"]
    assert move("b", -1) == ["b", "n", "a", "c"]
    assert move("a", 1) == ["b", "n", "c", "a"]
    assert move("n", -1, DeskFilter()) == ["n", "b", "c", "a"]


def test_orders_that_mean_nothing_are_refused(admin: User) -> None:
    package = make(admin)
    with pytest.raises(NotFound), transaction():
        services.place_packages(actor=admin, package_ids=["pkg_unknown"], now=NOW)
    with pytest.raises(ValidationFailed), transaction():
        services.place_packages(actor=admin, package_ids=[package.public_id] * 2, now=NOW)
    with pytest.raises(NotFound), transaction():
        services.reorder_packages(actor=admin, places={"pkg_unknown": 1}, now=NOW)
    with pytest.raises(ValidationFailed), transaction():
        services.reorder_packages(actor=admin, places={package.public_id: -1}, now=NOW)
    with pytest.raises(NotFound), transaction():
        services.move_package(actor=admin, package_id="pkg_unknown", step=1, within=DeskFilter(), now=NOW)


def test_archived_is_off_every_list_and_comes_back_hidden(admin: User) -> None:
    package = make(admin, is_featured=True)
    asked: dict[str, Any] = {"actor": admin, "package_id": package.public_id, "now": NOW}
    with transaction():
        services.archive_package(**asked)
    assert (package.is_archived, package.is_active) == (True, False)
    for switch in (services.set_active, services.set_featured):
        with pytest.raises(InvalidState), transaction():
            switch(**asked, on=True)
    assert not change(admin, package, is_active=True).is_active
    with transaction():
        services.restore_package(**asked)
    assert (package.is_archived, package.is_active) == (False, False)
    with transaction():
        services.set_active(**asked, on=True)
    assert package.is_active


def test_only_what_nobody_uses_is_deleted(admin: User) -> None:
    free, bought, named = make_package(), make_package(), make_package()
    make_enrolment(make_user(), bought)
    coupon = Coupon(code="X10", discount_type=DiscountType.PERCENT, discount_value=10, valid_from=NOW)
    coupon.packages = [named]  # without its package the coupon would be for everything
    db.session.add(coupon)
    db.session.commit()
    for used in (bought, named):
        assert is_used(used)
        with pytest.raises(PackageInUse), transaction():
            services.delete_package(actor=admin, package_id=used.public_id)
    with transaction():
        assert services.remove_package(actor=admin, package_id=free.public_id, now=NOW)
        assert not services.remove_package(actor=admin, package_id=bought.public_id, now=NOW)
    assert bought.is_archived
    assert set(db.session.scalars(select(Package.id))) == {bought.id, named.id}
    assert db.session.scalar(select(func.count()).select_from(PackageFeature)) == 4


def test_everything_that_can_refer_to_a_package_is_asked() -> None:
    assert {column.table.name for column in referring_columns()} >= {
        "orders", "enrolments", "coupon_packages", "inquiries",
    }  # fmt: skip


def test_a_copy_is_hidden_and_has_its_own_address(admin: User) -> None:
    counsellor = make_counsellor(calendar=False)
    source = make(admin, name="x" * 120, counsellor_ids=(counsellor.public_id,), is_featured=True)
    source.total_enrolments = 5
    with transaction():
        copy = services.duplicate_package(actor=admin, package_id=source.public_id, now=NOW)
    assert copy.name == f"Copy of {'x' * 112}"
    assert (copy.is_active, copy.is_featured, copy.total_enrolments) == (False, False, 0)
    assert copy.slug != source.slug
    assert [line.title for line in copy.features] == ["Choice list", "Hostel help"]
    assert copy.counsellors == source.counsellors == [counsellor]
    assert copy.display_order == source.display_order + 1


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR])
def test_nobody_but_an_admin(admin: User, role: Role) -> None:
    package = make(admin)
    other, one = make_user(role=role), {"package_id": package.public_id}
    for service, arguments in (
        (services.create_package, {"data": good()}),
        (services.update_package, {"data": good(), **one}),
        (services.set_active, {"on": False, **one}),
        (services.set_featured, {"on": True, **one}),
        (services.archive_package, one),
        (services.restore_package, one),
        (services.duplicate_package, one),
        (services.remove_package, one),
        (services.place_packages, {"package_ids": []}),
        (services.reorder_packages, {"places": {}}),
        (services.move_package, {"step": 1, "within": DeskFilter(), **one}),
    ):
        with pytest.raises(Forbidden), transaction():
            service(actor=other, now=NOW, **arguments)
    with pytest.raises(Forbidden), transaction():
        services.delete_package(actor=other, **one)


def test_unknown_packages_are_not_found(admin: User) -> None:
    for service in (services.archive_package, services.restore_package, services.duplicate_package):
        with pytest.raises(NotFound), transaction():
            service(actor=admin, package_id="pkg_unknown", now=NOW)


def test_a_change_is_one_line_in_the_log(admin: User, logged: None) -> None:
    package = make(admin)
    change(admin, package, price=1_899_900, features=(FeatureInput("Choice list", included=False),))
    entry = _latest()
    assert (entry.action, entry.entity, entry.entity_id) == ("package.changed", "package", package.public_id)
    found = {one["field"]: (one["before"], one["after"]) for one in entry.changes}
    assert found["price"] == (1_999_900, 1_899_900)
    assert found["features"] == (["Choice list", "Hostel help (not included)"], ["Choice list (not included)"])


def test_a_new_order_is_one_line_in_the_log(admin: User, logged: None) -> None:
    made = [make_package(name=name, display_order=place) for place, name in enumerate("abc", 1)]
    db.session.commit()
    with transaction():
        services.place_packages(actor=admin, package_ids=[one.public_id for one in made[::-1]], now=NOW)
    entry = _latest()
    assert entry.action == "package.reordered"
    assert {one["field"]: (one["before"], one["after"]) for one in entry.changes} == {"a": (1, 3), "c": (3, 1)}


def _latest() -> AuditEntry:
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def test_a_change_is_dated(admin: User) -> None:
    later = NOW + dt.timedelta(hours=1)
    package = make(admin)
    with transaction():
        services.update_package(actor=admin, package_id=package.public_id, data=good(terms="New"), now=later)
    assert package.updated_at == later


def test_an_order_for_a_package_that_is_deleted_meanwhile_is_told_so(admin: User) -> None:
    gone = make_package()
    with transaction():
        services.delete_package(actor=admin, package_id=gone.public_id)
    student = make_user()
    with pytest.raises(NotFound), transaction():
        db.session.add(
            Enrolment(
                user_id=student.id, package_id=gone.id, title="x", source="grant", sessions_total=1,
                session_minutes=30, enrolled_at=NOW, expires_at=NOW + dt.timedelta(days=1),
            )
        )  # fmt: skip
