"""Leads from a CSV file: read, checked and shown first, then stored in one transaction or not at all."""
