"""Bookings: sessions, holds and the free times computed from availability."""
