"""A command for whoever has lost phone and backup codes, the last admin among them."""

from __future__ import annotations

import click

from webapp.accounts import second_step
from webapp.accounts.queries import user_by_email
from webapp.core import clock
from webapp.core.db import transaction


@click.command("two-step-off")
@click.argument("email")
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
def two_step_off_command(email: str, reason: str) -> None:
    """Turn two-step sign-in off for EMAIL, whose owner is told by mail."""
    with transaction():
        user = user_by_email(email)
        if user is None:
            raise click.ClickException(f"There is no account with the address {email}.")
        if not second_step.needs_second_step(user):
            raise click.ClickException(f"Two-step sign-in is off for {email}.")
        second_step.clear(user, now=clock.now(), reason=reason)
    click.echo(f"{email} signs in with the password alone now.")
