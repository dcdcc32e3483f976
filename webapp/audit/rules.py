"""How a change is written down: values as JSON, the name of an action. Pure."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any

LONGEST_VALUE = 500
HIDDEN = "[hidden]"
ERASED = "[erased]"
SECRET_WORDS = ("password", "secret", "hash", "token", "key")
ON_AND_OFF = frozenset({"active", "is_active"})


def as_json(field: str, value: Any) -> Any:
    """Return a value as the log keeps it; what may be a secret is never kept."""
    if value is not None and any(word in field for word in SECRET_WORDS):
        return HIDDEN
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_json(field, one) for one in value]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _shortened(str(value))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def action_name(entity: str, kind: str, changes: Mapping[str, tuple[Any, Any]]) -> str:
    """Return what happened in one word after the dot: "package.created", "user.deactivated", "session.scheduled"."""
    if kind != "changed":
        return f"{entity}.{kind}"
    if "status" in changes and changes["status"][1]:
        return f"{entity}.{changes['status'][1]}".replace("-", "_")
    if "role" in changes:
        return f"{entity}.role_changed"
    for field in ON_AND_OFF & changes.keys():
        return f"{entity}.{'reactivated' if changes[field][1] else 'deactivated'}"
    return f"{entity}.changed"
