"""The engines and how the process runs: PostgreSQL, journal, warehouse, settings. Knows no billing noun."""
