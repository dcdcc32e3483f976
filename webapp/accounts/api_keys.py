"""`/api/v1/api-keys`: keys of partners, for admins."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts.models import ApiKey
from webapp.accounts.partners import api_keys_page, make_api_key, revoke_api_key
from webapp.accounts.schemas import ApiKeyIn, ApiKeyOut, NewApiKeyOut
from webapp.accounts.viewer import viewer
from webapp.core.db import transaction
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.jsonapi.schemas import PageQuery

door = Door("api-keys", __name__, about="Keys of partners' programs.", area=None)
SHOWN = ("public_id", "name", "ending", "scopes", "made_by", "created_at", "last_used_at", "revoked_at")
EXAMPLE = {"name": "Partner school", "scopes": ["packages:read", "inquiries:write"]}


@door.endpoint("GET", "", who=["admin"], query=PageQuery, answer=ApiKeyOut, many=True, paged=True)
def list_api_keys(query: dict[str, Any]) -> Answer:
    """List keys, the newest first, revoked ones too."""
    return paged(api_keys_page(actor=viewer(), page=query["page"], limit=query["limit"]))


@door.endpoint("POST", "", who=["admin"], body=ApiKeyIn, answer=NewApiKeyOut, example=EXAMPLE)
def create_api_key(body: dict[str, Any]) -> dict[str, Any]:
    """Make a key. It acts for the admin who makes it, within its scopes, and is shown this once."""
    with transaction():
        row, key = make_api_key(actor=viewer(), name=body["name"], scopes=body["scopes"])
        return {**{name: getattr(row, name) for name in SHOWN}, "key": key}


@door.endpoint("DELETE", "/<key_id>", who=["admin"])
def revoke_api_key_by_id(key_id: str) -> str:
    """Revoke a key; its next call is refused."""
    with transaction():
        row: ApiKey = revoke_api_key(actor=viewer(), key_id=key_id, now=g.now)
        return f"The key of {row.name} is revoked."
