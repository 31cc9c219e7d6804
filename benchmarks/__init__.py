"""Benchmarks: each runs beside its baseline, on the same machine, and checks its own result; see README.md."""
