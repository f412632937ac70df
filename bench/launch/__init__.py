"""The day of 2012, in parts: a cheap load generator, an invented population, and what every process cost."""
