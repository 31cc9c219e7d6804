"""The way out in a hurry: what must not outlive this process when it skips closing its engines."""

import signal

from justpaid.platform.embedded_postgres import EmbeddedPostgres
from justpaid.platform.postmaster import running_postmaster
from justpaid.platform.settings import Settings


def abandon(settings: Settings) -> None:
    """Make the embedded PostgreSQL of this data directory end at once; it recovers at its next start."""
    data = EmbeddedPostgres(settings.data_dir / "postgres").data
    if data.exists() and (postmaster := running_postmaster(data)):
        postmaster.signal(signal.SIGQUIT)
