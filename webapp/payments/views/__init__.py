"""Pages and other doors of money."""
