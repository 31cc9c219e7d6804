"""Share links: whoever has one sees one invoice, until it expires or is revoked.

A link's token is 32 random bytes, kept as its digest, like an API key: it can't be guessed, and what the database
holds opens nothing.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from justpaid.invoicing.tables import Invoice
from justpaid.kernel.errors import Conflict, InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.platform.database import Database, TenantRecord

MAX_DAYS: Final = 365
_TOKEN_BYTES: Final = 32


class ShareLink(TenantRecord):
    """`digest` is the SHA-256 of the token, in hex."""

    __tablename__ = "share_links"

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


@dataclass(frozen=True, slots=True)
class NewLink:
    """`token` exists nowhere else: show it once."""

    link: ShareLink
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shared:
    """What a token opens."""

    organisation_id: str
    invoice_id: str


def share_invoice(session: Session, invoice: Invoice, *, days: int, now: datetime) -> NewLink:
    """A link that works for `days`.  Raises: InvalidRequest; Conflict for a draft, which may still change."""
    if not 1 <= days <= MAX_DAYS:
        raise InvalidRequest.of("expires_in_days", f"must be 1 to {MAX_DAYS}")
    if invoice.status == "draft":
        raise Conflict(f"Invoice {invoice.id} is a draft, whose figures may still change. Finalize it first.")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    link = ShareLink(
        id=new_id("shl"),
        organisation_id=invoice.organisation_id,
        invoice_id=invoice.id,
        digest=_digest(token),
        expires_at=now + timedelta(days=days),
    )
    session.add(link)
    session.flush()
    return NewLink(link, token)


def list_share_links(session: Session, invoice: Invoice) -> Sequence[ShareLink]:
    """Newest first, expired and revoked ones too."""
    query = sa.select(ShareLink).where(ShareLink.invoice_id == invoice.id).order_by(ShareLink.id.desc())
    return session.scalars(query).all()


def revoke_share_link(session: Session, invoice: Invoice, link_id: str, now: datetime) -> ShareLink:
    """From now on it opens nothing; repeating it changes nothing.  Raises: NotFound."""
    link = session.get(ShareLink, link_id, with_for_update=True)
    if link is None or link.invoice_id != invoice.id:
        raise NotFound.of("share link", link_id)
    link.revoked_at = link.revoked_at or now
    session.flush()
    return link


def open_share_link(database: Database, token: str, now: datetime) -> Shared:
    """Raises: NotFound for a token that is unknown, expired or revoked: which of them is nobody's business."""
    query = sa.select(ShareLink.organisation_id, ShareLink.invoice_id).where(
        ShareLink.digest == _digest(token), ShareLink.expires_at > now, ShareLink.revoked_at.is_(None)
    )
    with database.system() as session:
        row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("This link is unknown, has expired or was revoked. Ask the sender for a new one.")
    return Shared(*row)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
