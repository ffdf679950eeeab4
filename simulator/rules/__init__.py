"""How a situation changes: one file per process, pure functions on tables fixed before the month."""
