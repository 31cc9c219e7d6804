"""What every price has: a key that is unique in its plan, a name for the invoice, and a way to be rated."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from justpaid.pricing.fields import Key, Name, Strict
from justpaid.pricing.rating import Rating
from justpaid.pricing.usage import Usage


def _named_like_its_key(fields: dict[str, Any]) -> str:
    return str(fields["key"])


class BasePrice(Strict):
    """`product` is the key of what the price sells; the catalogue knows whether there is one."""

    key: Key = "price"
    name: Name = Field(default_factory=_named_like_its_key)
    product: Key | None = None

    @abstractmethod
    def rated(self, usage: Sequence[Usage]) -> Rating:
        """Price `usage`, exactly; amounts are in major units of the plan's currency."""
