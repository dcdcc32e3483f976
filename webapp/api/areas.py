"""Every area of the JSON door, in one list; an area is added by adding its line."""

from __future__ import annotations

from webapp.core.jsonapi.door import Door
from webapp.packages.api import door as packages

DOORS: tuple[Door, ...] = (packages,)
