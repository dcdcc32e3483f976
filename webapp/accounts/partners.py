"""Keys of partners: made by an admin, shown once, narrow, revocable."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from webapp.accounts.bearer import TokenRefused
from webapp.accounts.models import ApiKey, Role, User
from webapp.accounts.models.logins import LONGEST_KEY_NAME
from webapp.core.db import db
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.core.ids import fingerprint
from webapp.core.pagination import DEFAULT_LIMIT, Page, paginate

PREFIX = "dsk_"
# The areas of the JSON door a key may reach; accounts themselves, keys, webhooks and the log stay with people.
AREAS = (
    "packages",
    "counsellors",
    "availability",
    "enrollments",
    "sessions",
    "reviews",
    "inquiries",
    "payments",
    "coupons",
    "stats",
)
SCOPES = tuple(f"{area}:{way}" for area in AREAS for way in ("read", "write"))


class KeyRefused(TokenRefused):
    """A key that opens nothing: unknown, revoked, or its maker is no admin any more."""

    message = "This API key is not valid."


class ScopeMissing(Forbidden):
    """A key that may not do this."""


def make_api_key(*, actor: User, name: str, scopes: Iterable[str]) -> tuple[ApiKey, str]:
    """Make a key; returns its row and the key itself, which is not kept.

    Raises:
        Forbidden: the actor is no admin.
        ValidationFailed: no name, no scope, or a scope that does not exist.
    """
    _only_admins(actor)
    wanted, title = set(scopes), " ".join(name.split())
    wrong = {}
    if not 1 <= len(title) <= LONGEST_KEY_NAME:
        wrong["name"] = f"Name the partner, in 1 to {LONGEST_KEY_NAME} characters."
    if not wanted or wanted - set(SCOPES):
        wrong["scopes"] = "Choose at least one thing the key may do."
    if wrong:
        raise ValidationFailed(fields=wrong)
    key = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        name=title,
        key_hash=fingerprint(key),
        ending=key[-4:],
        scopes=[scope for scope in SCOPES if scope in wanted],
        made_by=actor,
    )
    db.session.add(row)
    db.session.flush()
    return row, key


def revoke_api_key(*, actor: User, key_id: str, now: dt.datetime) -> ApiKey:
    """End a key; its next call is refused.

    Raises:
        Forbidden: the actor is no admin.
        NotFound: no such key.
        InvalidState: revoked already.
    """
    _only_admins(actor)
    row = db.session.scalar(select(ApiKey).where(ApiKey.public_id == key_id).with_for_update())
    if row is None:
        raise NotFound
    if row.revoked_at is not None:
        raise InvalidState("This key is revoked already.")
    row.revoked_at = now
    db.session.flush()
    return row


def list_api_keys(*, actor: User) -> Sequence[ApiKey]:
    """Return all keys with their makers, the newest first; partners are few.

    Raises:
        Forbidden: the actor is no admin.
    """
    _only_admins(actor)
    return db.session.scalars(select(ApiKey).options(joinedload(ApiKey.made_by)).order_by(ApiKey.id.desc())).all()


def api_keys_page(*, actor: User, page: int, limit: int = DEFAULT_LIMIT) -> Page[ApiKey]:
    """Return a page of keys with their makers, the newest first; two statements.

    Raises:
        Forbidden: the actor is no admin.
    """
    _only_admins(actor)
    wanted = select(ApiKey).options(joinedload(ApiKey.made_by)).order_by(ApiKey.id.desc())
    return paginate(db.session(), wanted, page=page, limit=limit)


def api_key_works(key: ApiKey) -> bool:
    """Whether a key opens anything: not revoked, and its maker (loaded) is an active admin."""
    return key.revoked_at is None and key.made_by.active and key.made_by.role is Role.ADMIN


def find_api_key(key: str) -> ApiKey:
    """Return the key's row with its maker, in one statement.

    Raises:
        KeyRefused: unknown, revoked, or its maker is closed or no admin any more.
    """
    row = db.session.scalar(
        select(ApiKey)
        .join(User, ApiKey.made_by_id == User.id)
        .options(contains_eager(ApiKey.made_by))
        .where(ApiKey.key_hash == fingerprint(key))
    )
    if row is None or not api_key_works(row):
        raise KeyRefused
    return row


def check_scope(key: ApiKey, area: str | None, *, writes: bool) -> None:
    """Let a key through if its scopes say so; the right to write holds the right to read.

    Raises:
        ScopeMissing: they do not.
    """
    needed = f"{area}:{'write' if writes else 'read'}"
    if area is None or not ({needed, f"{area}:write"} & set(key.scopes)):
        raise ScopeMissing(f"This key has no right to {needed}." if area else "This is for people, not for keys.")


def _only_admins(actor: User) -> None:
    if actor.role is not Role.ADMIN:
        raise Forbidden
