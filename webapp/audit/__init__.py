"""Who did what: an append-only log of every change by staff and of every change of money or role."""
