"""sealed webhooks: secrets of endpoints are closed with ENCRYPTION_KEY

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.core.sealing import is_sealed, seal, unseal

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

PURPOSE = "webhooks.secret"
ENDPOINTS = sa.table("webhook_endpoints", sa.column("id", sa.BigInteger), sa.column("secret", sa.String))


def upgrade() -> None:
    """Seal what lies open."""
    for row in op.get_bind().execute(sa.select(ENDPOINTS).with_for_update()).all():
        if not is_sealed(row.secret):
            _keep(row.id, seal(row.secret, purpose=PURPOSE))


def downgrade() -> None:
    """Open what is sealed; a seal that is broken stops this."""
    for row in op.get_bind().execute(sa.select(ENDPOINTS).with_for_update()).all():
        if is_sealed(row.secret):
            _keep(row.id, unseal(row.secret, purpose=PURPOSE))


def _keep(row_id: int, secret: str) -> None:
    op.get_bind().execute(sa.update(ENDPOINTS).where(ENDPOINTS.c.id == row_id).values(secret=secret))
