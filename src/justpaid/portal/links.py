"""Portal links: whoever has one sees one customer's usage, costs and invoices, until it expires or is revoked.

The token goes into the fragment of an address, which browsers send to no server, and from there into the header of
each request. It is 32 random bytes, kept as its digest: it can't be guessed, and what the database holds opens nothing.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from justpaid.accounts import Mode, Organisation
from justpaid.customers import Customer
from justpaid.kernel.errors import InvalidRequest, NotFound, Unauthenticated
from justpaid.kernel.ids import new_id
from justpaid.platform.database import Database, TenantRecord
from justpaid.platform.finding import newest_first

Theme = Literal["light", "dark", "auto"]

MAX_LIFE: Final = timedelta(days=366)
DEFAULT_LIFE: Final = timedelta(days=7)
_TOKEN_BYTES: Final = 32
_TOKEN: Final = re.compile(r"pt_[A-Za-z0-9_-]{43}")
_BAD: Final = "This portal link is unknown, has expired or was revoked. Ask who sent it for a new one."


class PortalLink(TenantRecord):
    """`digest` is the SHA-256 of the token, in hex."""

    __tablename__ = "portal_links"
    __table_args__ = (
        # Over both columns: a foreign key does not obey row-level security, so it must name the organisation itself.
        sa.ForeignKeyConstraint(["organisation_id", "customer_id"], ["customers.organisation_id", "customers.id"]),
        sa.CheckConstraint("theme IN ('light', 'dark', 'auto')", name="theme"),
        sa.Index(None, "organisation_id", "customer_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    theme: Mapped[Theme] = mapped_column(sa.Text)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


@dataclass(frozen=True, slots=True)
class NewPortalLink:
    """`token` exists nowhere else: show it once."""

    link: PortalLink
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whom a token lets in, and to see what. `clock_at`: see `Organisation`."""

    link_id: str
    organisation_id: str
    customer_id: str
    mode: Mode
    theme: Theme
    expires_at: datetime
    clock_at: datetime | None


def create_portal_link(
    session: Session, customer: Customer, *, expires_at: datetime | None, theme: str, now: datetime
) -> NewPortalLink:
    """Good until `expires_at`, or for a week.  Raises: InvalidRequest."""
    expires_at = expires_at or now + DEFAULT_LIFE
    if not now < expires_at <= now + MAX_LIFE:
        raise InvalidRequest.of("expires_at", f"must be ahead, and at most {MAX_LIFE.days} days")
    if theme not in get_args(Theme):
        raise InvalidRequest.of("theme", f"must be one of {', '.join(get_args(Theme))}")
    token = f"pt_{secrets.token_urlsafe(_TOKEN_BYTES)}"
    link = PortalLink(
        id=new_id("ptl"),
        organisation_id=customer.organisation_id,
        customer_id=customer.id,
        digest=_digest(token),
        theme=theme,
        expires_at=expires_at,
    )
    session.add(link)
    session.flush()
    return NewPortalLink(link, token)


def list_portal_links(
    session: Session, *, limit: int, before_id: str | None = None, customer_id: str | None = None
) -> Sequence[PortalLink]:
    """Newest first, expired and revoked ones too; those made before `before_id` where it is given."""
    query = sa.select(PortalLink)
    if customer_id is not None:
        query = query.where(PortalLink.customer_id == customer_id)
    return newest_first(session, query, PortalLink.id, limit, before_id)


def revoke_portal_link(session: Session, link_id: str, now: datetime) -> PortalLink:
    """From now on it opens nothing; repeating it changes nothing.  Raises: NotFound."""
    link = session.get(PortalLink, link_id, with_for_update=True)
    if link is None:
        raise NotFound.of("portal link", link_id)
    link.revoked_at = link.revoked_at or now
    session.flush()
    return link


def is_portal_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def open_portal(database: Database, token: str, now: datetime) -> Visitor:
    """Raises: Unauthenticated for a token that is none, unknown, expired or revoked: which is nobody's business."""
    if not is_portal_token(token):
        raise Unauthenticated(_BAD)
    query = (
        sa.select(
            PortalLink.id,
            PortalLink.organisation_id,
            PortalLink.customer_id,
            Organisation.mode,
            PortalLink.theme,
            PortalLink.expires_at,
            Organisation.clock_at,
        )
        .join(Organisation, Organisation.id == PortalLink.organisation_id)
        .where(PortalLink.digest == _digest(token), PortalLink.expires_at > now, PortalLink.revoked_at.is_(None))
    )
    with database.system() as session:
        row = session.execute(query).one_or_none()
    if row is None:
        raise Unauthenticated(_BAD)
    return Visitor(*row)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
