"""A student's home."""
