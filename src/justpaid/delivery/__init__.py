"""E-mail out, from an outbox; see README.md."""

from justpaid.delivery.outbox import Mail, Status, deliveries_of, enqueue, status_of
from justpaid.delivery.sender import MailSender
from justpaid.delivery.smtp import SmtpServer

__all__ = ["Mail", "MailSender", "SmtpServer", "Status", "deliveries_of", "enqueue", "status_of"]
