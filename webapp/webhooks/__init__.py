"""Outgoing webhooks: other systems told of events, signed and retried."""
