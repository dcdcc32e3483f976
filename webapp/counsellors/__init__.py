"""Counsellors: public profiles, their filters and their services."""
