"""What the fields of grants and top-ups may hold."""

from decimal import Decimal
from typing import Final

from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.money import UnknownCurrency, minor_places, round_to_minor

#: Sums of any number of such amounts stay exact, and no honest grant is larger.
MAX_AMOUNT: Final = Decimal(10) ** 15
MAX_DAYS: Final = 3660


def check_currency(field: str, currency: str) -> None:
    """Raises: InvalidRequest."""
    try:
        minor_places(currency)
    except UnknownCurrency as error:
        raise InvalidRequest.of(field, str(error)) from None


def check_amount(field: str, amount: Decimal, currency: str) -> None:
    """Raises: InvalidRequest unless it is an amount of this currency that can be paid, and more than 0."""
    if not 0 < amount < MAX_AMOUNT:
        raise InvalidRequest.of(field, "must be more than 0 and less than 10^15")
    if round_to_minor(amount, currency) != amount:
        raise InvalidRequest.of(field, f"must have at most {minor_places(currency)} decimal places in {currency}")


def check_days(field: str, days: int | None) -> None:
    """Raises: InvalidRequest."""
    if days is not None and not 0 < days <= MAX_DAYS:
        raise InvalidRequest.of(field, f"must be from 1 to {MAX_DAYS} days")
