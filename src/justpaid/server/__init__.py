"""The server process: the API over an installation, from the first open engine to an orderly end."""

from justpaid.server.process import Hooks, serve

__all__ = ["Hooks", "serve"]
