"""board: the cards of a column in their order

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_index("ix_inquiries_board", "inquiries", ["status", "position", "id"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_inquiries_board", table_name="inquiries")
