"""due telling: when time alone makes us write about a session or a package

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WAITING = sa.text("expires_at is not null")


def upgrade() -> None:
    """Apply the change."""
    op.add_column("counselling_sessions", sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "update counselling_sessions set remind_at = case when starts_at - interval '24 hours' > now()"
        " then starts_at - interval '24 hours' else starts_at - interval '1 hour' end"
        " where status = 'scheduled' and starts_at - interval '1 hour' > now()"
    )
    op.create_index(
        "ix_sessions_remind",
        "counselling_sessions",
        ["remind_at", "id"],
        postgresql_where=sa.text("remind_at is not null"),
    )
    op.drop_index("ix_sessions_expires", "counselling_sessions", postgresql_where=WAITING)
    op.create_index("ix_sessions_expires", "counselling_sessions", ["expires_at", "id"], postgresql_where=WAITING)
    op.add_column("enrolments", sa.Column("nudge_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("update enrolments set nudge_at = now() + interval '7 days' where status = 'active'")
    op.create_index(
        "ix_enrolments_nudge", "enrolments", ["nudge_at", "id"], postgresql_where=sa.text("nudge_at is not null")
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_enrolments_nudge", "enrolments")
    op.drop_column("enrolments", "nudge_at")
    op.drop_index("ix_sessions_expires", "counselling_sessions", postgresql_where=WAITING)
    op.create_index("ix_sessions_expires", "counselling_sessions", ["expires_at"], postgresql_where=WAITING)
    op.drop_index("ix_sessions_remind", "counselling_sessions")
    op.drop_column("counselling_sessions", "remind_at")
