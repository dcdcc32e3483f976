"""imports: the same file twice, and whether duplicates stay out

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column("lead_imports", sa.Column("digest", sa.String(64), server_default="", nullable=False))
    op.add_column(
        "lead_imports", sa.Column("leave_out_known", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_index("ix_lead_imports_digest", "lead_imports", ["digest"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_lead_imports_digest", table_name="lead_imports")
    op.drop_column("lead_imports", "leave_out_known")
    op.drop_column("lead_imports", "digest")
