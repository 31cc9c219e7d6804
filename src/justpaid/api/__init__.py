"""The public HTTP API: one transaction a request, and a problem document for whatever goes wrong."""

from justpaid.api.app import create_app

__all__ = ["create_app"]
