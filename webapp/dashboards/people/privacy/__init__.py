"""A person's right to a copy of their data, and to be forgotten."""
