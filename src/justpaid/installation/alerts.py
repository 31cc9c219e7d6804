"""Alerts that are looked at by themselves, and the e-mails that come of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from justpaid.delivery import MailSender, SmtpServer
from justpaid.installation.installation import Installation
from justpaid.installation.repeated import repeated
from justpaid.limits import AlertChecker

_SEND_EVERY: Final = timedelta(seconds=2)


@contextmanager
def alerts_by_themselves(installation: Installation) -> Iterator[None]:
    """Look, and empty the outbox, while the block runs. Without a server for them, mails wait in it."""
    settings = installation.settings
    checker = AlertChecker(installation.database, installation.metering, installation.clock)
    with repeated(checker.look, timedelta(seconds=settings.alerts_interval_s), name="alerts"):
        if settings.smtp_url is None or settings.email_from is None:
            yield
            return
        server = SmtpServer.of(settings.smtp_url.get_secret_value(), settings.email_from)
        sender = MailSender(installation.database, installation.clock, server)
        with repeated(sender.send_due, _SEND_EVERY, name="mail-sender"):
            yield
