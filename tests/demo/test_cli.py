"""Commands people type: what they do, and the one line they say when they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import make_counsellor, make_package, make_user
from webapp.accounts.models import Role, User
from webapp.accounts.passwords import password_fits
from webapp.accounts.services import authenticate
from webapp.config import DEMO_PASSWORD
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment, EnrolmentSource
from webapp.packages.models import Package


def run(app: Flask, *words: str, typed: str | None = None) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(words), input=typed)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output.strip()


@pytest.fixture
def package(db_session: Session) -> Package:
    return make_package(name="JEE Complete", slug="jee-complete")


def test_enrol_gives_a_package(app: Flask, db_session: Session, package: Package) -> None:
    student = make_user(email="riya@example.com")
    counsellor = make_counsellor(email="kavita@example.com")
    db_session.commit()
    status, said = run(
        app,
        *("enrol", "RIYA@example.com", "jee-complete"),
        *("--counsellor", "kavita@example.com", "--reason", "Paid in cash"),
    )
    assert status == 0, said
    assert "has JEE Complete now: 4 × 30 min" in said
    enrolment = db_session.scalars(select(Enrolment)).one()
    assert (enrolment.user_id, enrolment.assigned_counsellor_id) == (student.id, counsellor.id)
    assert (enrolment.source, enrolment.note) == (EnrolmentSource.GRANT, "Paid in cash")
    db_session.refresh(package)
    assert package.total_enrolments == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("nobody@example.com", "jee-complete"), "There is no account with the address nobody@example.com."),
        (("riya@example.com", "neet"), "There is no package neet. Packages: jee-complete."),
        (
            ("riya@example.com", "jee-complete", "--counsellor", "x@example.com"),
            "There is no counsellor with the address x@example.com.",
        ),
        (("boss@example.com", "jee-complete"), "Only an active student account can be given a package."),
        (("riya@example.com", "jee-complete", "--reason", "x" * 501), "Keep the reason within 500 characters."),
    ],
)
def test_enrol_says_what_is_wrong_in_one_line(
    app: Flask, db_session: Session, package: Package, words: tuple[str, ...], expected: str
) -> None:
    make_user(email="riya@example.com")
    make_user(email="boss@example.com", role=Role.ADMIN)
    db_session.commit()
    status, said = run(app, "enrol", *words)
    assert (status, said) == (1, f"Error: {expected}")
    assert db_session.scalar(select(func.count()).select_from(Enrolment)) == 0


def test_create_admin_asks_for_the_password(app: Flask, db_session: Session) -> None:
    status, said = run(
        app, "create-admin", "nisha@example.com", "--name", "Nisha Verma", typed="Long-pass-9\nLong-pass-9\n"
    )
    assert status == 0, said
    assert said.endswith("nisha@example.com is an admin now.")
    assert "Long-pass-9" not in said
    user = authenticate(email="nisha@example.com", password="Long-pass-9")
    assert user.role is Role.ADMIN
    assert user.is_verified


def test_create_admin_refuses_a_weak_password_and_a_taken_address(app: Flask, db_session: Session) -> None:
    make_user(email="taken@example.com")
    db_session.commit()
    assert run(app, "create-admin", "a@example.com", "--name", "A B", "--password", "short")[0] == 1
    status, said = run(app, "create-admin", "taken@example.com", "--name", "A B", "--password", "Long-pass-9")
    assert status == 1
    assert said.startswith("Error: ")
    assert "\n" not in said
    assert db_session.scalar(select(func.count()).where(User.role == Role.ADMIN)) == 0


def test_seed_demo_makes_the_three_logins(app: Flask, db_session: Session) -> None:
    status, _ = run(app, "seed-demo")
    assert status == 0
    for email, role in (("student", Role.STUDENT), ("counsellor", Role.COUNSELLOR), ("admin", Role.ADMIN)):
        user = authenticate(email=f"{email}@demo.test", password=DEMO_PASSWORD)
        assert (user.role, user.is_verified) == (role, True)
    hashes = db_session.scalars(select(User.password_hash).distinct()).all()
    assert len(hashes) == 1
    assert password_fits(hashes[0], DEMO_PASSWORD)


@pytest.fixture
def in_production(app: Flask) -> Iterator[None]:
    settings: Any = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"app_env": "production"})
    yield
    app.config["SETTINGS"] = settings


def test_seed_demo_is_refused_in_production(app: Flask, db_session: Session, in_production: None) -> None:
    status, said = run(app, "seed-demo")
    assert status == 1
    assert "APP_ENV is production, so nothing was changed." in said
    assert db_session.scalar(select(func.count()).select_from(Counsellor)) == 0
