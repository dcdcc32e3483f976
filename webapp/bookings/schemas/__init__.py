"""Bookings as the JSON door writes and reads them (api.md "counselling-sessions", "availability")."""
