"""Large requests prepared by a process of its own, where there is a core for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from justpaid.ingest import Preparer
from justpaid.installation.installation import Installation


@contextmanager
def prepared_apart(installation: Installation) -> Iterator[None]:
    """While the block runs."""
    if (os.cpu_count() or 1) < 2:
        yield
        return
    preparer = Preparer()
    preparer.start()
    installation.ingest.preparer = preparer
    try:
        yield
    finally:
        preparer.stop()
