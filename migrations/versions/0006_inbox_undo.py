"""inbox: what is deleted can come back for a while

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEX = "ix_notifications_unread"
OLD = sa.text("read_at is null")
NEW = sa.text("read_at is null and deleted_at is null")


def upgrade() -> None:
    """Apply the change."""
    op.add_column("notifications", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index(INDEX, table_name="notifications", postgresql_where=OLD)
    op.create_index(INDEX, "notifications", ["user_id"], unique=False, postgresql_where=NEW)
    op.create_index(
        "ix_notifications_deleted", "notifications", ["deleted_at"], postgresql_where=sa.text("deleted_at is not null")
    )


def downgrade() -> None:
    """Take the change back."""
    op.execute("delete from notifications where deleted_at is not null")
    op.drop_index("ix_notifications_deleted", table_name="notifications")
    op.drop_index(INDEX, table_name="notifications", postgresql_where=NEW)
    op.create_index(INDEX, "notifications", ["user_id"], unique=False, postgresql_where=OLD)
    op.drop_column("notifications", "deleted_at")
