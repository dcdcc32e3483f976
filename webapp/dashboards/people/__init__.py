"""People as admins see them: accounts, finding anything, looking as somebody, and a person's own data."""
