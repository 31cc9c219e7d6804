"""Billing that starts itself, in the one process that should: the server, not a command that only looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from justpaid.installation.installation import Installation
from justpaid.invoicing import AutomaticBilling


@contextmanager
def billing_by_itself(installation: Installation) -> Iterator[None]:
    """Bill what is due, again and again as the settings say, while the block runs."""
    settings = installation.settings
    automatic = AutomaticBilling(
        installation.database,
        installation.metering,
        installation.clock,
        interval=timedelta(seconds=settings.billing_interval_s),
        grace=timedelta(seconds=settings.billing_grace_s),
    )
    automatic.start()
    try:
        yield
    finally:
        automatic.stop()
