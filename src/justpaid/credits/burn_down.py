"""In which order credits are drawn, and how much of each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Protocol

from justpaid.credits.tables import CreditKind

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Ranked(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> CreditKind: ...
    @property
    def priority(self) -> int: ...
    @property
    def effective_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime | None: ...


def rank(grant: Ranked) -> tuple[int, datetime, bool, datetime, str]:
    """The lowest is drawn first: by priority, then what expires soonest, then promotional before prepaid, then oldest.

    So the customer loses least to expiry and keeps longest what was paid for.
    """
    return (grant.priority, grant.expires_at or _NEVER, grant.kind != "promotional", grant.effective_at, grant.id)


def is_usable(grant: Ranked, at: datetime) -> bool:
    return grant.effective_at <= at and not has_expired(grant, at)


def has_expired(grant: Ranked, at: datetime) -> bool:
    return grant.expires_at is not None and grant.expires_at <= at


@dataclass(frozen=True, slots=True)
class Draw:
    grant_id: str
    amount: Decimal


def burn_down(charges: Sequence[Decimal], held: Sequence[tuple[str, Decimal]]) -> list[list[Draw]]:
    """What each charge draws, in order, from (grant id, remaining) in order; never more than is there, nor below zero.

    Units: all in one currency, exact to its minor unit, so that nothing is left to round.
    """
    remaining = dict(held)
    drawn = []
    for charge in charges:
        open_amount = max(charge, Decimal(0))
        draws = []
        for grant_id, left in remaining.items():
            amount = min(open_amount, left)
            if amount:
                draws.append(Draw(grant_id, amount))
                remaining[grant_id] -= amount
                open_amount -= amount
        drawn.append(draws)
    return drawn
