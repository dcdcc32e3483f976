"""open requests of one counsellor are found without reading those of the whole house

Revision ID: 0019
Revises: 0018

By `(counsellor_id, starts_at)` and `(expires_at, id)` alone, Postgres reads every open request there is and keeps this
counsellor's: 0.9 ms of 8,000 instead of 0.07.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NAME = "ix_sessions_counsellor_expires"


def upgrade() -> None:
    """Apply the change, without keeping anybody from booking meanwhile."""
    with op.get_context().autocommit_block():
        op.execute("set statement_timeout = 0")
        op.create_index(
            NAME,
            "counselling_sessions",
            ["counsellor_id", "expires_at"],
            postgresql_where=sa.text("expires_at is not null"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.execute("reset statement_timeout")


def downgrade() -> None:
    """Take the change back."""
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name="counselling_sessions", postgresql_concurrently=True, if_exists=True)
