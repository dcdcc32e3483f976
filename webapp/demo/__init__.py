"""The demo: a real week around today, and the commands that people run by hand."""
