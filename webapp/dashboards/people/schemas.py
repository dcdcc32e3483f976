"""Accounts as admins see them at the JSON door (api.md "users")."""

from __future__ import annotations

from marshmallow import fields

from webapp.accounts.models import Role
from webapp.accounts.schemas import UserOut
from webapp.accounts.services_admin import LONGEST_REASON
from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.schemas import In, PageQuery
from webapp.dashboards.people.lists import LONGEST


class UserQuery(PageQuery):
    """Filters of the list."""

    role = f.Choice(Role)
    is_active = f.QueryFlag()
    email_verified = f.QueryFlag()
    search = f.Text(longest=LONGEST, metadata={"description": "Beginnings of name, mail or phone."})


class UserPatchIn(In):
    """What to change of an account. ``reason`` is needed, except for opening one again."""

    role = f.Choice(Role)
    is_active = f.Flag()
    reason = f.Text(longest=LONGEST_REASON, load_default="")


class AdminUserOut(UserOut):
    """An account with what admins know of it."""

    deactivated_at = f.Instant()
    deactivated_reason = fields.String()
    erased_at = f.Instant()
    updated_at = f.Instant(required=True)
