"""The doors of inquiries."""
