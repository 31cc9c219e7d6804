"""From a row of the outbox to a message as RFC 5322 has it."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from justpaid.delivery.outbox import Mail

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def message_of(mail: Mail, from_address: str) -> EmailMessage:
    """Raises: ValueError for a recipient that is no address."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_one_line(mail.sender_name), addr_spec=from_address)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = _one_line(mail.subject)
    message["Message-ID"] = mail.message_id
    message["Date"] = mail.created_at
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's out-of-office note shall answer
    message.set_content(mail.body)
    return message


def message_id_of(mail: Mail, from_address: str) -> str:
    return f"<{mail.id}@{from_address.rpartition('@')[2]}>"


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()
