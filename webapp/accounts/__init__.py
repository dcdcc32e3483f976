"""Accounts: users, their roles, sign-up, sign-in, verification and profile."""
