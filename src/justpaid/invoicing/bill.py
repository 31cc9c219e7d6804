"""The bill of one boundary: what it charges, what it asks of metering, and its lines. Pure.

The same bill makes the invoice, the estimate and the verification, so that they show the same number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from justpaid.contracts import Agreement
from justpaid.invoicing.commitment import true_up
from justpaid.invoicing.compose import Line, Usage, past_lines, upcoming_lines
from justpaid.invoicing.quantities import Answers, Asked
from justpaid.invoicing.spans import Skeleton, Skeletons
from justpaid.kernel.period import Period
from justpaid.metering import MeterDefinition
from justpaid.pricing import Band, PercentagePrice


@dataclass(frozen=True, slots=True)
class Bill:
    """An agreement with what it charges, for one customer. `meters` by key: all that its spans name."""

    customer_id: str
    keys: tuple[str, ...]
    currency: str
    agreement: Agreement
    skeleton: Skeleton
    meters: Mapping[str, MeterDefinition]

    @classmethod
    def of(
        cls,
        agreement: Agreement,
        skeletons: Skeletons,
        meters: Mapping[str, MeterDefinition],
        *,
        customer_id: str,
        keys: Sequence[str],
        currency: str,
    ) -> "Bill":
        skeleton = skeletons.of(agreement, currency)
        named = dict.fromkeys(span.charge.price.meter for span in skeleton.metered if span.charge.price.meter)
        return cls(customer_id, tuple(keys), currency, agreement, skeleton, {key: meters[key] for key in named})

    def asked(self) -> list[Asked]:
        bands: dict[tuple[str, Period], dict[Band, None]] = {}
        for span in self.skeleton.metered:
            price = span.charge.price
            if price.meter:
                told_apart = bands.setdefault((price.meter, span.period), {})
                if isinstance(price, PercentagePrice) and price.bands:
                    told_apart[price.bands] = None
        return [
            Asked(self.customer_id, self.keys, self.meters[meter], period, tuple(bands[meter, period]))
            for meter, period in sorted(bands)
        ]

    def lines(self, answers: Answers) -> list[Line]:
        asked = {(span.charge.price.meter, span.period) for span in self.skeleton.metered if span.charge.price.meter}
        return self.priced({
            (meter, period): answers[key]
            for meter, period in asked
            if meter and (key := (self.customer_id, meter, period)) in answers
        })  # fmt: skip

    def priced(self, usage: Usage) -> list[Line]:
        """The lines by price, in the order of the prices; of each price, the past before what is to come."""
        lines = past_lines(self.skeleton, usage, self.currency)
        topped = true_up(self.skeleton, lines, self.agreement.period, self.currency)
        place = {key: position for position, key in enumerate(self.skeleton.keys)}
        lines = sorted(
            [*lines, *upcoming_lines(self.skeleton, self.currency)], key=lambda line: place[line.price_key or ""]
        )
        return [*lines, topped] if topped else lines
