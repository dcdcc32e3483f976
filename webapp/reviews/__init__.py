"""Reviews: a student's rating of a completed session; public once published."""
