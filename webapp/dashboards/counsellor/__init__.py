"""A counsellor's home."""
