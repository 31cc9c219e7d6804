"""`package`: started packages × amount."""

from decimal import Decimal
from typing import Literal

from justpaid.kernel.decimals import EXACT
from justpaid.pricing.fields import Amount, PositiveQuantity
from justpaid.pricing.models.metered import QuantityPrice
from justpaid.pricing.rating import Step
from justpaid.pricing.wording import excess_of_corrections, grouped


class PackagePrice(QuantityPrice):
    """`amount` is the price of one package of `package_size` units."""

    model: Literal["package"]
    package_size: PositiveQuantity
    amount: Amount

    def usage_steps(self, quantity: Decimal) -> tuple[Step, ...]:
        whole, rest = EXACT.divmod(quantity, self.package_size)
        packages = EXACT.add(whole, Decimal(1)) if rest else whole
        noun = "package" if packages == 1 else "packages"
        return (Step.of(f"{grouped(packages)} {noun} of {grouped(self.package_size)}", packages, self.amount),)

    def credit_steps(self, quantity: Decimal) -> tuple[Step, ...]:
        """Whole packages only: `-15` units of packages of 10 credit one package, `-5` none, as rounding up has it."""
        whole = EXACT.divide_int(-quantity, self.package_size)
        noun = "package" if whole == 1 else "packages"
        description = (
            f"{excess_of_corrections(quantity)}: {grouped(whole)} whole {noun} of {grouped(self.package_size)}"
        )
        return (Step.of(f"{description} credited", EXACT.minus(whole), self.amount),)
