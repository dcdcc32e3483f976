"""The migrated schema is the models' schema, named constraints included."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from webapp.config import ROOT, Settings
from webapp.core.db import db

CONSTRAINTS = """
select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
where connamespace = 'public'::regnamespace and contype in ('c', 'f', 'p', 'u', 'x')
and conrelid::regclass::text <> 'alembic_version'
order by 1, 2
"""
INDEXES = """
select tablename, indexname, indexdef from pg_indexes
where schemaname = 'public' and tablename <> 'alembic_version' order by 1, 2
"""
COLUMNS = """
select table_name, column_name, data_type, is_nullable, column_default, character_maximum_length
from information_schema.columns where table_schema = 'public' and table_name <> 'alembic_version'
order by 1, 2
"""


@pytest.fixture
def models_only(settings: Settings) -> Iterator[Engine]:
    """Give a second database made from the models alone."""
    url = make_url(str(settings.database_url))
    name = f"{url.database}_models"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'drop database if exists "{name}"'))
        connection.execute(text(f'create database "{name}" template template0'))
    engine = create_engine(url.set(database=name))
    db.metadata.create_all(engine)
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f'drop database "{name}"'))
    admin.dispose()


def _picture(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    queries = {"constraints": CONSTRAINTS, "indexes": INDEXES, "columns": COLUMNS}
    return {what: [tuple(row) for row in connection.execute(text(query))] for what, query in queries.items()}


def test_migrations_make_exactly_the_models(app: Flask, models_only: Engine) -> None:
    with app.app_context(), db.engine.connect() as migrated, models_only.connect() as made:
        assert _picture(migrated) == _picture(made)


def test_the_database_is_at_the_only_head(app: Flask) -> None:
    config = Config(str(ROOT / "migrations" / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    heads = ScriptDirectory.from_config(config).get_heads()
    with app.app_context(), db.engine.connect() as connection:
        assert [MigrationContext.configure(connection).get_current_revision()] == heads
