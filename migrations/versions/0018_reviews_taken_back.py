"""a review that was read and taken back waits for nobody until its student changes it

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column("reviews", sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_reviews_waiting",
        "reviews",
        ["id"],
        postgresql_where=sa.text("published_at is null and taken_back_at is null"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_reviews_waiting", table_name="reviews")
    op.drop_column("reviews", "taken_back_at")
