"""words of a session: room for agenda and description, and notes of the student's own

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the agenda (no row is rewritten) and add the notes."""
    op.alter_column("counselling_sessions", "agenda", existing_type=sa.String(1000), type_=sa.String(2002))
    op.add_column("counselling_sessions", sa.Column("student_notes", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Drop the notes and cut long agendas."""
    op.drop_column("counselling_sessions", "student_notes")
    op.execute("update counselling_sessions set agenda = left(agenda, 1000) where length(agenda) > 1000")
    op.alter_column("counselling_sessions", "agenda", existing_type=sa.String(2002), type_=sa.String(1000))
