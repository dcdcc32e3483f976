"""money flow: a hold is no foreign key, lists of orders by date

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FOREIGN_KEY = "fk_orders_hold_id_counselling_sessions"


def upgrade() -> None:
    """Apply the change."""
    # Whoever deletes a hold that ran out must not wait for its order: that is the wrong way round for locks.
    op.drop_constraint(FOREIGN_KEY, "orders", type_="foreignkey")
    op.create_index("ix_orders_placed", "orders", ["placed_at"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_orders_placed", table_name="orders")
    op.execute(
        sa.text(
            "update orders set hold_id = null where not exists "
            "(select from counselling_sessions where counselling_sessions.id = orders.hold_id)"
        )
    )
    op.create_foreign_key(FOREIGN_KEY, "orders", "counselling_sessions", ["hold_id"], ["id"], ondelete="SET NULL")
