"""Alerts that are looked at by themselves, and the e-mails that come of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from justpaid.delivery import MailSender, SmtpServer
from justpaid.installation.installation import Installation
from justpaid.limits import AlertChecker

_SEND_EVERY: Final = timedelta(seconds=2)


@contextmanager
def alerts_by_themselves(installation: Installation) -> Iterator[None]:
    """Look, and empty the outbox, again and again while the block runs."""
    settings = installation.settings
    server = None
    if settings.smtp_url is not None and settings.email_from is not None:
        server = SmtpServer.of(settings.smtp_url.get_secret_value(), settings.email_from)
    sender = MailSender(installation.database, installation.clock, server, interval=_SEND_EVERY)
    checker = AlertChecker(
        installation.database,
        installation.metering,
        installation.clock,
        interval=timedelta(seconds=settings.alerts_interval_s),
    )
    checker.start()
    sender.start()
    try:
        yield
    finally:
        sender.stop()
        checker.stop()
