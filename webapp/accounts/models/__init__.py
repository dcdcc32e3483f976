"""Tables of accounts: people, their logins and keys, the second step."""

from __future__ import annotations

from webapp.accounts.models.changes import EmailChange
from webapp.accounts.models.logins import ApiKey, Login, LoginKind, RefreshToken
from webapp.accounts.models.second_step import BackupCode, Passkey, TwoFactor
from webapp.accounts.models.users import SEARCH, Role, User

__all__ = [
    "SEARCH",
    "ApiKey",
    "BackupCode",
    "EmailChange",
    "Login",
    "LoginKind",
    "Passkey",
    "RefreshToken",
    "Role",
    "TwoFactor",
    "User",
]
