"""Packages: what is sold."""
