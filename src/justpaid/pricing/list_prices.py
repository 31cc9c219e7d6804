"""What providers of language models charge, from the package `genai-prices` (https://github.com/pydantic/genai-prices).

A price keeps the rates that were known when it was made: what is billed can then be recomputed for ever, whatever the
provider or the package changes. New list prices come with a new version of the plan.
"""

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Final

from genai_prices.data import providers

from justpaid.kernel.decimals import EXACT, PLACES

#: Token kind → the rate's name in the package, which is a million tokens.
TOKEN_KINDS: Final = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "input_audio": "input_audio_mtok",
    "output_audio": "output_audio_mtok",
    "cache_audio_read": "cache_audio_read_mtok",
}
PROVIDERS: Final = tuple(sorted(provider.id for provider in providers))

Rates = dict[str, dict[str, Decimal]]
"""Model id → token kind → US dollars a million tokens."""


@cache
def list_prices(provider_id: str) -> Rates:
    """Today's rates of one provider, before any discount for volume or time of day."""
    (provider,) = (provider for provider in providers if provider.id == provider_id)
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    rates: Rates = {}
    for model in provider.models:
        prices = model.get_prices(noon)
        known = {kind: _base(getattr(prices, name, None)) for kind, name in TOKEN_KINDS.items()}
        if found := {kind: rate for kind, rate in known.items() if rate is not None}:
            rates[model.id] = found
    return rates


def rate_of(rates: Rates, model: str, kind: str) -> Decimal | None:
    """US dollars a token. A model that is not listed by this very name is the listed one that its name begins with,
    the longest: `gpt-4o-2024-08-06` is `gpt-4o`. None where there is none, or where it has no such rate."""
    if model not in rates:
        model = max((known for known in rates if model.startswith(known)), key=len, default="")
    mtok = rates.get(model, {}).get(kind)
    return None if mtok is None else EXACT.scaleb(mtok, Decimal(-6))


def _base(price: object) -> Decimal | None:
    """The rate, or the first of a rate in tiers, to the places that a price keeps; some are means of several."""
    base = getattr(price, "base", price)
    return EXACT.quantize(base, Decimal(1).scaleb(-PLACES)).normalize(EXACT) if isinstance(base, Decimal) else None
