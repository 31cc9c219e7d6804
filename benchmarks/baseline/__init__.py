"""The baseline: a straightforward FastAPI and PostgreSQL service that does the same job, written fairly."""
