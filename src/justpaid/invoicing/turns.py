"""Billing of one organisation, one piece at a time."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

_TURNS: Final = 5_302_771_946  # so that these locks are apart from those of other purposes


def take_turn(session: Session, organisation_id: str) -> None:
    """Let one chunk of the organisation at a time go, until this transaction ends.

    What is due first changes with each chunk, so that two runs would lock the same subscriptions in different orders
    and wait for each other.
    """
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(organisation_id, _TURNS))))
