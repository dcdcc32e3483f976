"""The JSON door put together: what all of `/api/v1` shares. It owns no tables and no use-cases."""
