"""The outbox: e-mails that are to be sent, and what became of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from justpaid.kernel.ids import new_id
from justpaid.platform.database import TenantRecord

Status = Literal["waiting", "sent", "failed"]


class Mail(TenantRecord):
    """One e-mail to one recipient, in plain text. `kind`: the sort of news; `about`: the id of the record that it tells
    of; `sender_name`: whom it is from, by name.

    `next_at`: when it is tried next; None once it is sent or given up. `error` is of the last attempt, if that failed.
    `message_id` is given at the first attempt and stays.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        sa.CheckConstraint("sent_at IS NULL OR next_at IS NULL", name="sent_once"),
        sa.Index(None, "about"),
        sa.Index("ix_outbox_waiting", "next_at", postgresql_where=sa.text("next_at IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    about: Mapped[str]
    sender_name: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    message_id: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    first_tried_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]


def enqueue(
    session: Session,
    organisation_id: str,
    *,
    kind: str,
    about: str,
    sender_name: str,
    recipient: str,
    subject: str,
    body: str,
    now: datetime,
) -> Mail:
    """To be sent once the caller's transaction is committed. `now` is the real time."""
    mail = Mail(
        id=new_id("mail"),
        organisation_id=organisation_id,
        kind=kind,
        about=about,
        sender_name=sender_name,
        recipient=recipient,
        subject=subject,
        body=body,
        created_at=now,
        next_at=now,
    )
    session.add(mail)
    return mail


def deliveries_of(session: Session, about: Collection[str]) -> Mapping[str, Sequence[Mail]]:
    """The mails that tell of each of these records, in the order of their making; the others are absent."""
    found: defaultdict[str, list[Mail]] = defaultdict(list)
    if about:
        for mail in session.scalars(sa.select(Mail).where(Mail.about.in_(about)).order_by(Mail.id)):
            found[mail.about].append(mail)
    return found


def status_of(mail: Mail) -> Status:
    if mail.sent_at is not None:
        return "sent"
    return "waiting" if mail.next_at is not None else "failed"
