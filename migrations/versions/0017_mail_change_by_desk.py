"""a change of mail address may be begun by the desk, for who has lost the old mailbox

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change: every one until now was its account holder's own."""
    op.add_column("email_changes", sa.Column("by_desk", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("email_changes", "by_desk")
