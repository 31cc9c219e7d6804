"""Units that a price counts in, where they are not the meter's: bytes metered and gigabytes priced."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from justpaid.kernel.decimals import EXACT, PLACES
from justpaid.pricing.fields import PositiveQuantity, Strict

_ROUNDINGS: Final = {"up": ROUND_CEILING, "down": ROUND_FLOOR, "half_up": ROUND_HALF_UP}


class Conversion(Strict):
    """`divide_by`: units of the meter in one unit of the price; or `multiply_by`, the other way round; or neither, to
    round only. `rounding`: to whole units of the price, to `decimal_places` of them (-2: to hundreds), or not at all.

    Without rounding the result is kept to 12 places, half up, like any quantity.
    """

    divide_by: PositiveQuantity | None = None
    multiply_by: PositiveQuantity | None = None
    rounding: Literal["none", "up", "down", "half_up"] = "none"
    decimal_places: Annotated[int, Field(ge=-PLACES, le=PLACES)] = 0

    @model_validator(mode="after")
    def _one_way(self) -> "Conversion":
        if self.divide_by is not None and self.multiply_by is not None:
            raise ValueError("takes divide_by or multiply_by, not both")
        if self.divide_by is None and self.multiply_by is None and self.rounding == "none":
            raise ValueError("needs divide_by, multiply_by or a rounding")
        if self.decimal_places and self.rounding == "none":
            raise ValueError("needs a rounding (up, down or half_up) for its decimal_places")
        return self

    def __call__(self, quantity: Decimal) -> Decimal:
        if self.divide_by is not None:
            exact = EXACT.divide(quantity, self.divide_by)
        else:
            exact = EXACT.multiply(quantity, self.multiply_by or Decimal(1))
        if self.rounding == "none":
            return exact.quantize(Decimal(1).scaleb(-PLACES), ROUND_HALF_UP, EXACT)
        rounded = exact.scaleb(self.decimal_places, EXACT).to_integral_value(_ROUNDINGS[self.rounding], EXACT)
        return rounded.scaleb(-self.decimal_places, EXACT)
