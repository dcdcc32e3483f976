"""Files of tables: asking for one, watching it being made, taking it away."""
