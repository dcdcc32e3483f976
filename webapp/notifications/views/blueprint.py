"""The blueprint, and whose page it is."""

from __future__ import annotations

from flask import Blueprint
from flask_login import current_user

from webapp.notifications.messages import Reader

blueprint = Blueprint("notifications", __name__)


def reader() -> Reader:
    """Return whose inbox this is."""
    return Reader(current_user.id, current_user.public_id, current_user.role.value)
