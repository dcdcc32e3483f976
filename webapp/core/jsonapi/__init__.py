"""The JSON door's kernel: reading bodies, envelopes, pages, answers kept. It knows no feature."""
