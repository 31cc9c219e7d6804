"""Money: a decimal amount and its ISO 4217 currency. Amounts are rounded once, where a line is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from iso4217 import Currency

from justpaid.kernel.decimals import EXACT, plain


class UnknownCurrency(ValueError):
    """Not an ISO 4217 currency with a minor unit (metals and funds such as XAU have none)."""


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies can't be added or compared."""


class EmptySplit(ValueError):
    """An amount can't be split over weights that are all zero."""


@cache
def minor_places(currency: str) -> int:
    """Decimal places of the currency's minor unit: 2 for USD, 0 for JPY, 3 for KWD.

    Raises: UnknownCurrency.  Source: ISO 4217, list one.
    """
    try:
        exponent = Currency(currency).exponent
    except ValueError:
        exponent = None
    if exponent is None or currency != currency.upper():
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency code such as USD, EUR or JPY")
    return int(exponent)


def round_to_minor(amount: Decimal, currency: str) -> Decimal:
    """Half up (away from zero at the midpoint) to the currency's minor unit."""
    return amount.quantize(Decimal(1).scaleb(-minor_places(currency)), rounding=ROUND_HALF_UP, context=EXACT)


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in major units of `currency`; any number of places until `rounded()`."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        minor_places(self.currency)
        if not self.amount.is_finite():
            raise ValueError("money must be finite")

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(EXACT.add(self.amount, other.amount), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(EXACT.subtract(self.amount, other.amount), self.currency)

    def rounded(self) -> "Money":
        return Money(round_to_minor(self.amount, self.currency), self.currency)

    def split(self, weights: Sequence[Decimal]) -> list["Money"]:
        """Split this amount over `weights` so that the parts sum to it.

        Units: parts in `currency`, to its minor unit; this amount must be rounded already.
        Raises: EmptySplit if all weights are zero.
        Source: largest remainder; ties go to the earlier part.
        """
        total = sum(weights, Decimal(0))
        if not total:
            raise EmptySplit("all weights are zero")
        unit = Decimal(1).scaleb(-minor_places(self.currency))
        units = int(EXACT.divide(self.amount, unit).to_integral_exact())
        shares = [EXACT.divide(EXACT.multiply(Decimal(units), weight), total) for weight in weights]
        floors = [int(share.to_integral_value(rounding="ROUND_FLOOR")) for share in shares]
        by_remainder = sorted(range(len(shares)), key=lambda i: (floors[i] - shares[i], i))
        for i in by_remainder[: units - sum(floors)]:
            floors[i] += 1
        return [Money(EXACT.multiply(Decimal(part), unit), self.currency) for part in floors]

    def __str__(self) -> str:
        return f"{plain(self.amount)} {self.currency}"

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} can't be combined")
