"""Telling people. Features hand over finished messages; this room only delivers them."""
