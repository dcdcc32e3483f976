"""The desk's charts: what each shows, as rows that the picture, its table and its CSV share."""
