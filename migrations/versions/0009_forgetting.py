"""what sweeps look for: sessions the ledger does not know yet, old deliveries, mails that were refused

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KNOWN = """
update counselling_sessions s set value_booked = true
from ledger_transactions t where s.status = 'completed' and t.reference = 'session:' || s.id
"""


def upgrade() -> None:
    """Apply the change."""
    op.add_column(
        "counselling_sessions",
        sa.Column("value_booked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.execute(KNOWN)
    op.create_index(
        "ix_sessions_value_open",
        "counselling_sessions",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status = 'completed' and not value_booked"),
    )
    op.create_index("ix_webhook_deliveries_created", "webhook_deliveries", ["created_at"], unique=False)
    op.create_index(
        "ix_outbox_mails_dropped",
        "outbox_mails",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'dropped'"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_outbox_mails_dropped", table_name="outbox_mails", postgresql_where=sa.text("status = 'dropped'"))
    op.drop_index("ix_webhook_deliveries_created", table_name="webhook_deliveries")
    op.drop_index(
        "ix_sessions_value_open",
        table_name="counselling_sessions",
        postgresql_where=sa.text("status = 'completed' and not value_booked"),
    )
    op.drop_column("counselling_sessions", "value_booked")
