"""What has expired is of no use to anybody, and is forgotten."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.accounts.attempts import WINDOW
from justpaid.accounts.people_tables import OneTimeLink, SignInAttempts, UserSession

#: Ended sessions and used links stay for a while, so that what happened can be looked up.
_KEPT: Final = timedelta(days=30)


def forget_expired(session: Session, now: datetime) -> None:
    """Sessions and one-time links a month after their end, counts of attempts at theirs. Needs a system session."""
    session.execute(sa.delete(UserSession).where(UserSession.expires_at < now - _KEPT))
    session.execute(sa.delete(OneTimeLink).where(OneTimeLink.expires_at < now - _KEPT))
    session.execute(sa.delete(SignInAttempts).where(SignInAttempts.since < now - WINDOW))
