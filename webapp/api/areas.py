"""Every area of the JSON door, in one list; an area is added by adding its line."""

from __future__ import annotations

from webapp.accounts.api import door as auth
from webapp.accounts.api_me import door as auth_me
from webapp.core.jsonapi.door import Door
from webapp.packages.api import door as packages

DOORS: tuple[Door, ...] = (
    auth,
    auth_me,
    packages,
)
