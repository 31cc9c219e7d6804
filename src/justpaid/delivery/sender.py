"""Emptying the outbox, every few seconds: claim a few mails, send them over one connection, mark each."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from aiosmtplib import SMTPException, SMTPRecipientsRefused

from justpaid.delivery.message import message_id_of, message_of
from justpaid.delivery.outbox import Mail
from justpaid.delivery.smtp import SmtpServer
from justpaid.kernel.clock import Clock
from justpaid.platform.database import Database
from justpaid.platform.failpoints import failpoint

log = structlog.get_logger(__name__)

_BATCH: Final = 10
#: Longer than a batch can take: whoever holds it is dead by then.
_HELD: Final = timedelta(minutes=5)
_FIRST_RETRY: Final = timedelta(seconds=30)
_LAST_RETRY: Final = timedelta(hours=1)
_GIVE_UP_AFTER: Final = timedelta(days=1)
_ERROR_LENGTH: Final = 500


class MailSender:
    """Several processes may each have one."""

    def __init__(self, database: Database, clock: Clock, server: SmtpServer) -> None:
        self._database = database
        self._clock = clock
        self._server = server

    def send_due(self, stopping: threading.Event | None = None) -> int:
        """Try every mail whose time has come, until `stopping` is set; how many the server took."""
        sent = 0
        while not (stopping and stopping.is_set()) and (mails := self._claim()):
            sent += asyncio.run(self._send(mails))
        return sent

    def _claim(self) -> Sequence[Mail]:
        now = self._clock.now()
        query = (
            sa.select(Mail)
            .where(Mail.next_at <= now)
            .order_by(Mail.next_at)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        )
        with self._database.system() as session:
            mails = session.scalars(query).all()
            for mail in mails:
                mail.attempts += 1
                mail.first_tried_at = mail.first_tried_at or now
                mail.next_at = now + _HELD
                mail.message_id = mail.message_id or message_id_of(mail, self._server.from_address)
        return mails

    async def _send(self, mails: Sequence[Mail]) -> int:
        sent = 0
        try:
            async with self._server.client() as client:
                for mail in mails:
                    try:
                        await client.send_message(message_of(mail, self._server.from_address))
                    except (SMTPException, OSError, ValueError) as error:
                        self._failed([mail], error)
                        continue
                    failpoint("delivery.before_mark")
                    self._mark([mail], self._as_sent)
                    sent += 1
        except (SMTPException, OSError) as error:
            # No connection, or none any more: those that were sent or failed by then are marked already.
            self._failed(mails, error)
        return sent

    def _as_sent(self, mail: Mail, now: datetime) -> None:
        mail.sent_at, mail.next_at, mail.error = now, None, None

    def _failed(self, mails: Sequence[Mail], error: Exception) -> None:
        log.warning("mail.failed", mails=len(mails), error=str(error))

        def as_failed(mail: Mail, now: datetime) -> None:
            mail.error = (str(error) or type(error).__name__)[:_ERROR_LENGTH]
            since = mail.first_tried_at or now
            given_up = _is_final(error) or now - since >= _GIVE_UP_AFTER
            mail.next_at = None if given_up else now + _wait_after(mail.attempts)

        self._mark(mails, as_failed)

    def _mark(self, mails: Sequence[Mail], change: Callable[[Mail, datetime], None]) -> None:
        """Only those that are still as they were claimed."""
        now = self._clock.now()
        with self._database.system() as session:
            for claimed in mails:
                mail = session.get(Mail, claimed.id, with_for_update=True)
                if mail is not None and (mail.attempts, mail.next_at) == (claimed.attempts, claimed.next_at):
                    change(mail, now)


def _wait_after(attempts: int) -> timedelta:
    """30 s, 1 min, 2 min… up to an hour."""
    doubled: int = 1 << min(attempts - 1, 10)
    return min(_FIRST_RETRY * doubled, _LAST_RETRY)


def _is_final(error: Exception) -> bool:
    """The server knows the recipient, and says that it never will take mail for it."""
    return isinstance(error, SMTPRecipientsRefused) and all(one.code >= 500 for one in error.recipients)
