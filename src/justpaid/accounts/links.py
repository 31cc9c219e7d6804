"""One-time links: whoever has one is signed in by it, once, within minutes."""

from datetime import datetime, timedelta
from typing import ClassVar, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.accounts.people_tables import OneTimeLink, Purpose, User
from justpaid.accounts.tokens import new_token, token_digest
from justpaid.kernel.errors import NotFound, Unauthenticated
from justpaid.kernel.ids import new_id

SIGN_IN_LIFE: Final = timedelta(minutes=15)
#: Until the next start, which makes another; nobody is to be hurried through a set-up.
SET_UP_LIFE: Final = timedelta(days=30)


class LinkUsedUp(Unauthenticated):
    code: ClassVar[str] = "link_used"
    title: ClassVar[str] = "This link opens nothing"

    def __init__(self) -> None:
        super().__init__("This link was used already, has expired, or is not whole. Ask for a new one.")


def issue_sign_in_link(session: Session, email: str, now: datetime, organisation_id: str | None = None) -> str:
    """The token of a new link for the user with this normalised address. Needs a system session.  Raises: NotFound."""
    user = session.scalar(sa.select(User).where(User.email == email))
    if user is None:
        raise NotFound(f"There is no user {email}. justpaid users list shows them.")
    return issue_link(session, "sign_in", now, now + SIGN_IN_LIFE, user.id, organisation_id)


def issue_link(
    session: Session,
    purpose: Purpose,
    now: datetime,
    expires_at: datetime,
    user_id: str | None = None,
    organisation_id: str | None = None,
) -> str:
    token = new_token()
    session.add(
        OneTimeLink(
            id=new_id("otl"),
            purpose=purpose,
            digest=token_digest(token),
            user_id=user_id,
            organisation_id=organisation_id,
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return token


def use_link(session: Session, purpose: Purpose, token: str, now: datetime) -> OneTimeLink:
    """The link of this token, which opens nothing from now on; of two that use it at once, one gets it.

    Raises: LinkUsedUp.
    """
    used = (
        sa.update(OneTimeLink)
        .where(
            OneTimeLink.digest == token_digest(token),
            OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeLink)
    )
    link = session.scalar(used)
    if link is None:
        raise LinkUsedUp
    return link
