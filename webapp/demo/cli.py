"""Commands: fill the demo, give a student a package, make an admin."""

from __future__ import annotations

from typing import cast

import click
from flask import current_app
from sqlalchemy import func, select

from webapp.accounts.models import Role, User
from webapp.accounts.passwords import hash_password
from webapp.accounts.queries import user_by_email
from webapp.accounts.services import create_user
from webapp.accounts.views import DEMO_LOGINS
from webapp.config import DEMO_PASSWORD, Settings
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.core.errors import DomainError
from webapp.core.times import format_day
from webapp.counsellors.models import Counsellor
from webapp.demo.seed import seed_demo
from webapp.demo.seed.payments import remember_at_sandbox
from webapp.demo.seed.people import everyone
from webapp.enrolments.services import grant_enrolment
from webapp.notifications.transport import clear_mail
from webapp.packages.models import Package


@click.command("seed-demo")
def seed_demo_command() -> None:
    """Fill the demo with a week around today; adds only what is missing."""
    settings = cast(Settings, current_app.config["SETTINGS"])
    if settings.app_env == "production":
        raise click.ClickException("seed-demo is for the demo; APP_ENV is production, so nothing was changed.")
    with transaction() as session:
        seeded = seed_demo(
            session,
            hash_password=lambda: hash_password(DEMO_PASSWORD),
            settings=settings,
            now=clock.now(),
        )
    remember_at_sandbox(db.session(), [person.email for person in everyone()], settings)
    if seeded.users:
        clear_mail(settings)  # the viewer starts empty with a new house; later runs keep what was sent
    if seeded.users or seeded.counsellors or seeded.sessions:
        click.echo(f"Demo: added {seeded.users} people, {seeded.counsellors} counsellors, {seeded.sessions} sessions.")
    else:
        click.echo("Demo: everything is there already.")
    for email, name, role, _ in DEMO_LOGINS:
        click.echo(f"  {role:<10} {email:<22} {DEMO_PASSWORD}   {name}")
    click.echo(f"  {'Mail':<10} {settings.base_url}/dev/mail   every mail that the demo writes")


@click.command("enrol")
@click.argument("email")
@click.argument("package_slug", metavar="PACKAGE-SLUG")
@click.option("--counsellor", "counsellor_email", help="Mail address of the counsellor to assign.")
@click.option("--reason", default="Granted by hand", show_default=True, help="Kept with the enrolment.")
def enrol_command(email: str, package_slug: str, counsellor_email: str | None, reason: str) -> None:
    """Give the student EMAIL the package PACKAGE-SLUG without payment."""
    try:
        with transaction():
            enrolment = grant_enrolment(
                actor=None,
                user=_student(email),
                package=_package(package_slug),
                reason=reason,
                now=clock.now(),
                assigned_counsellor=_counsellor(counsellor_email) if counsellor_email else None,
            )
            line = (
                f"{email} has {enrolment.title} now: {enrolment.sessions_total} × {enrolment.session_minutes} min, "
                f"until {format_day(enrolment.expires_at)} ({enrolment.public_id})."
            )
    except DomainError as error:
        raise _spoken(error) from error
    click.echo(line)


@click.command("create-admin")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.password_option(help="Asked for when left out, which is better.")
def create_admin_command(email: str, name: str, password: str) -> None:
    """Make an admin account for EMAIL."""
    try:
        with transaction():
            create_user(name=name, email=email, password=password, role=Role.ADMIN, verified=True, now=clock.now())
    except DomainError as error:
        raise _spoken(error) from error
    click.echo(f"{email} is an admin now.")


def _student(email: str) -> User:
    user = user_by_email(email)
    if user is None:
        raise click.ClickException(f"There is no account with the address {email}.")
    return user


def _package(slug: str) -> Package:
    package = db.session.scalar(select(Package).where(Package.slug == slug))
    if package is None:
        known = ", ".join(db.session.scalars(select(Package.slug).order_by(Package.slug))) or "none yet"
        raise click.ClickException(f"There is no package {slug}. Packages: {known}.")
    return package


def _counsellor(email: str) -> Counsellor:
    counsellor = db.session.scalar(select(Counsellor).where(func.lower(Counsellor.email) == email.lower()))
    if counsellor is None:
        raise click.ClickException(f"There is no counsellor with the address {email}.")
    return counsellor


def _spoken(error: DomainError) -> click.ClickException:
    """Return the error as one line: the fields' messages where there are any."""
    return click.ClickException(" ".join(error.fields.values()) or error.message)
