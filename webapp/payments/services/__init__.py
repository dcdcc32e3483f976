"""Writes of money. A door calls one of these inside `transaction()`; what talks to the gateway is in `flows`."""
