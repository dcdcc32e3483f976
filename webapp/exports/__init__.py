"""Tables as files: streamed when short, made by a job with a progress bar when long."""
