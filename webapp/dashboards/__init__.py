"""Pages that put several features side by side; they own no tables."""
