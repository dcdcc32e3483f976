"""webhook tries: since when a delivery is tried, how long an answer took, endpoints that rest

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UNDER_WAY = sa.text("status in ('pending', 'sending')")
FAILED = sa.text("status = 'failed'")


def upgrade() -> None:
    """Apply the change."""
    op.add_column("webhook_endpoints", sa.Column("rest_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("webhook_deliveries", sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("webhook_deliveries", sa.Column("answer_ms", sa.Integer(), nullable=True))
    op.drop_index("ix_webhook_deliveries_due", table_name="webhook_deliveries", postgresql_where=UNDER_WAY)
    op.create_index(
        "ix_webhook_deliveries_due", "webhook_deliveries", ["endpoint_id", "due_at"], postgresql_where=UNDER_WAY
    )
    op.create_index("ix_webhook_deliveries_failed", "webhook_deliveries", ["endpoint_id"], postgresql_where=FAILED)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_webhook_deliveries_failed", table_name="webhook_deliveries", postgresql_where=FAILED)
    op.drop_index("ix_webhook_deliveries_due", table_name="webhook_deliveries", postgresql_where=UNDER_WAY)
    op.create_index("ix_webhook_deliveries_due", "webhook_deliveries", ["due_at"], postgresql_where=UNDER_WAY)
    op.drop_column("webhook_deliveries", "answer_ms")
    op.drop_column("webhook_deliveries", "first_tried_at")
    op.drop_column("webhook_endpoints", "rest_until")
