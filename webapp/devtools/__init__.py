"""Helpers of the demo, for this machine only: captured mail, and work run as of another time."""
