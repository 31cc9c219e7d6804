"""Billing that starts itself, in the one process that should: the server, not a command that only looks."""

from contextlib import AbstractContextManager
from datetime import timedelta

from justpaid.installation.installation import Installation
from justpaid.installation.repeated import repeated
from justpaid.invoicing import AutomaticBilling


def billing_by_itself(installation: Installation) -> AbstractContextManager[None]:
    """Bill what is due, as often as the settings say, while the block runs."""
    settings = installation.settings
    automatic = AutomaticBilling(
        installation.database,
        installation.metering,
        installation.clock,
        grace=timedelta(seconds=settings.billing_grace_s),
    )
    return repeated(automatic.look, timedelta(seconds=settings.billing_interval_s), name="automatic-billing")
