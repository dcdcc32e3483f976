"""retention: inquiries whose personal data goes with time

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_index(
        "ix_inquiries_to_forget",
        "inquiries",
        ["asked_at", "id"],
        postgresql_where=sa.text("forgotten_at is null and status <> 'converted'"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_inquiries_to_forget", table_name="inquiries")
