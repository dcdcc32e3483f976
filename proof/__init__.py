"""Proof that Disha stands: `python -m proof.soak` (half an hour of mixed use) and `python -m proof.chaos` (faults)."""
