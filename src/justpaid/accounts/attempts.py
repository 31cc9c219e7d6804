"""Guessing passwords is bounded: by e-mail address, by network address, and most of all by the two together.

An attempt is counted before the password is looked at, in a transaction of its own, so that attempts side by side can't
outrun the count. Whether the user exists makes no difference. Because the pair's limit is reached first, a guesser
locks out himself and not the person; who guesses from many addresses meets the limit of the e-mail address.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from justpaid.accounts.people_tables import SignInAttempts
from justpaid.kernel.errors import TooManyAttempts
from justpaid.platform.database import Database

WINDOW: Final = timedelta(minutes=15)
PAIR_LIMIT: Final = 10
EMAIL_LIMIT: Final = 100
ADDRESS_LIMIT: Final = 100


def count_attempt(database: Database, email: str, address: str, now: datetime) -> None:
    """Raises: TooManyAttempts, if there were too many already in the last minutes."""
    waits = []
    with database.system() as session:
        for subject, limit in _subjects(email, address):
            counted = insert(SignInAttempts).values(subject=subject, attempts=1, since=now)
            over = SignInAttempts.since <= now - WINDOW
            counted = counted.on_conflict_do_update(
                index_elements=[SignInAttempts.subject],
                set_={
                    "attempts": sa.case((over, 1), else_=SignInAttempts.attempts + 1),
                    "since": sa.case((over, now), else_=SignInAttempts.since),
                },
            )
            attempts, since = session.execute(counted.returning(SignInAttempts.attempts, SignInAttempts.since)).one()
            if attempts > limit:
                waits.append(since + WINDOW - now)
    if waits:
        wait_s = max(1, round(max(waits).total_seconds()))
        raise TooManyAttempts(
            f"There were too many attempts to sign in. Wait {-(-wait_s // 60)} minutes, or use a one-time link: "
            "whoever runs the server makes one with justpaid users link.",
            retry_after_s=wait_s,
        )


def forgive_attempt(database: Database, email: str, address: str) -> None:
    """The password was right: the pair begins anew, and the attempt counts for neither alone."""
    with database.system() as session:
        for subject, limit in _subjects(email, address):
            mine = SignInAttempts.subject == subject
            if limit == PAIR_LIMIT:
                session.execute(sa.delete(SignInAttempts).where(mine))
            else:
                less = sa.update(SignInAttempts).where(mine, SignInAttempts.attempts > 0)
                session.execute(less.values(attempts=SignInAttempts.attempts - 1))


def _subjects(email: str, address: str) -> Iterator[tuple[str, int]]:
    """In one order everywhere, so that transactions never wait for each other in a circle."""
    subjects = {
        f"email {email}": EMAIL_LIMIT,
        f"address {address}": ADDRESS_LIMIT,
        f"pair {email} {address}": PAIR_LIMIT,
    }
    hashed = ((sha256(text.encode("utf-8", "replace")).hexdigest(), limit) for text, limit in subjects.items())
    yield from sorted(hashed)
