"""Imports that run by themselves, in the one process that should: the server."""

from collections.abc import Iterator
from contextlib import contextmanager

from justpaid.installation.installation import Installation


@contextmanager
def imports_by_itself(installation: Installation) -> Iterator[None]:
    """Run what is started, and what a last run left, while the block runs."""
    installation.imports.start()
    try:
        yield
    finally:
        installation.imports.stop()
