"""A person's private calendar feed, and the page where its address is made."""
