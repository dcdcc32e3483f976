"""Availability: a counsellor's weekly hours, days that differ, and calendar rules."""
