"""Usage-based billing: usage events in, revenue out."""

__version__ = "0.1.0"
