"""HTML doors of bookings: the picker, sessions from both sides, and the live question of an open picker."""

from webapp.bookings.views import (
    agenda,
    choose,
    counsellor,
    live,
    moving,
    offers,
    own_notes,
    picker,
    running,
    sessions,
)
from webapp.bookings.views.blueprint import blueprint

__all__ = [
    "agenda",
    "blueprint",
    "choose",
    "counsellor",
    "live",
    "moving",
    "offers",
    "own_notes",
    "picker",
    "running",
    "sessions",
]
