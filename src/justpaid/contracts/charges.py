"""What an agreement charges: the prices of its plan version and add-ons, with its overrides, seats and quantities."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from justpaid.catalog import PlanVersion, terms_of
from justpaid.contracts.phases import Agreed
from justpaid.kernel.errors import InvalidRequest
from justpaid.pricing import FlatPrice, Price, SeatsPrice, is_fee, is_in_advance


@dataclass(frozen=True, slots=True)
class Charge:
    """One price of a plan or an add-on. `key` is the price's own, in an add-on behind the plan's: `support/base`.

    `units`: how often its amount is owed in a full period; of metered usage, once.
    """

    key: str
    price: Price
    units: Decimal = Decimal(1)

    @property
    def is_fee(self) -> bool:
        return is_fee(self.price)

    @property
    def in_advance(self) -> bool:
        return is_in_advance(self.price)


@dataclass(frozen=True, slots=True)
class Charges:
    """All that an agreement charges, in the order in which an invoice shows it.

    `minimum_commitment`: what at least a full period comes to, in major units of `currency`.
    """

    currency: str
    charges: tuple[Charge, ...]
    minimum_commitment: Decimal | None = None

    @property
    def bills_in_advance(self) -> bool:
        return any(charge.in_advance for charge in self.charges)

    @property
    def meters(self) -> list[str]:
        return list(dict.fromkeys(charge.price.meter for charge in self.charges if charge.price.meter))


class PriceBook:
    """Looks up what agreements charge, for those whose plan versions it was loaded with. Versions never change."""

    def __init__(self, versions: Mapping[str, PlanVersion] | None = None) -> None:
        self._versions = dict(versions or {})
        self._known: dict[tuple[Any, ...], Charges] = {}

    @classmethod
    def load(cls, session: Session, agreed: Iterable[Agreed]) -> "PriceBook":
        book = cls()
        book.learn(session, agreed)
        return book

    def learn(self, session: Session, agreed: Iterable[Agreed]) -> None:
        """Load the versions that these name and that it does not know yet."""
        ids = {version_id for one in agreed for version_id in one.version_ids} - self._versions.keys()
        if ids:
            query = sa.select(PlanVersion).where(PlanVersion.id.in_(ids)).options(joinedload(PlanVersion.plan))
            self._versions |= {version.id: version for version in session.scalars(query)}

    def charges(self, agreed: Agreed, currency: str) -> Charges:
        """Raises: InvalidRequest for an override that does not fit, an add-on that lacks the currency."""
        # Without the anchor: it says when something is charged, and hardly two subscriptions share one.
        key = (
            agreed.plan_version_id,
            agreed.seats,
            agreed.add_ons,
            currency,
            json.dumps(agreed.overrides, sort_keys=True) if agreed.overrides else "",
        )
        if key not in self._known:
            self._known[key] = self._read(agreed, currency)
        return self._known[key]

    def _read(self, agreed: Agreed, currency: str) -> Charges:
        terms = terms_of(self._versions[agreed.plan_version_id], currency, agreed.overrides)
        charges = [Charge(price.key, price, _units(price, agreed.seats, 1)) for price in terms.prices]
        for add_on in agreed.add_ons:
            version = self._versions[add_on.plan_version_id]
            if version.interval != agreed.interval:
                reason = f"{version.plan.key!r} is billed by the {version.interval}, the plan by the {agreed.interval}"
                raise InvalidRequest.of("add_ons", reason)
            charges += [
                Charge(f"{version.plan.key}/{price.key}", price, _units(price, agreed.seats, add_on.quantity))
                for price in terms_of(version, currency).prices
            ]
        return Charges(currency, tuple(charges), terms.minimum_commitment)


def _units(price: Price, seats: int, quantity: int) -> Decimal:
    match price:
        case FlatPrice():
            return Decimal(quantity)
        case SeatsPrice():
            return Decimal(seats * quantity)
    return Decimal(1)
