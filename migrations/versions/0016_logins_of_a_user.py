"""logins of a user, ended ones too: known devices and places are looked up at sign-in

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_index("ix_logins_user_id_created_at", "logins", ["user_id", "created_at"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_logins_user_id_created_at", table_name="logins")
