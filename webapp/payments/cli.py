"""Commands: add up the ledger, reconcile with the gateway."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from webapp.core import clock
from webapp.core.errors import DomainError
from webapp.core.money import format_rupees
from webapp.payments import flows
from webapp.payments.services import ledger

ledger_group = AppGroup("ledger", help="The ledger of all money.")


@ledger_group.command("check")
def check_command() -> None:
    """Add the whole ledger up; exit status 1 when something does not sum to zero."""
    audit = ledger.check()
    for account, total in sorted(audit.by_account.items()):
        click.echo(f"{account.value:<12} {format_rupees(total):>20}")
    for reference in audit.crooked:
        click.echo(f"{reference} does not sum to zero", err=True)
    if not audit.is_sound:
        raise click.ClickException(f"The ledger is off by {format_rupees(audit.total)}.")
    click.echo("The ledger sums to zero.")


@click.command("reconcile")
@click.option("--order", "order_id", help="One order (order_…); without it every open one.")
def reconcile_command(order_id: str | None) -> None:
    """Ask the gateway about orders now, whatever their age, and settle what it says."""
    try:
        asked = flows.reconcile_now(clock.now(), order_id=order_id)
    except DomainError as error:
        raise click.ClickException(error.message) from error
    click.echo(f"Asked about {asked} {'order' if asked == 1 else 'orders'}.")
