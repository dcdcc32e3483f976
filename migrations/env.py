"""Alembic's entry: runs the migrations on the app's own engine."""

from __future__ import annotations

from alembic import context
from flask import current_app

config = context.config
database = current_app.extensions["migrate"].db


def run_migrations() -> None:
    """Run online, one transaction for all steps: either the whole upgrade or none of it."""
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            connection.exec_driver_sql("select pg_advisory_xact_lock(724010)")  # two starts at once
            context.run_migrations()


run_migrations()
