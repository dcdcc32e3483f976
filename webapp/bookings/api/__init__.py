"""The JSON door of bookings: sessions, and free times of counsellors."""

from webapp.bookings.api import acts, sessions, slots, writing
from webapp.bookings.api.door import door

__all__ = ["acts", "door", "sessions", "slots", "writing"]
