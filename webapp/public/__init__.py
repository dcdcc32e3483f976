"""The public pages: landing, catalogue of packages and counsellors, and what machines read of them."""
