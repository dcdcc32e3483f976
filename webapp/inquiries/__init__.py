"""Inquiries: leads from the guidance form, from the first message to a student."""
