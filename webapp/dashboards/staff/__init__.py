"""Counsellors at the desk: list, profile, photo, services, applications, leaving; and a counsellor's own profile."""
