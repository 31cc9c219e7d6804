"""What is due: a boundary of a subscription with all that is needed to ask for its usage and to compose its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.contracts import Agreement, PriceBook, Subscription, billed_ahead_of, timeline_of
from justpaid.customers import keys_of
from justpaid.invoicing.compose import Line, Usage, compose_lines
from justpaid.invoicing.quantities import Answers, Asked
from justpaid.invoicing.spans import Skeleton, skeleton_of
from justpaid.metering import Meter, MeterDefinition, definition_of


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
        book: PriceBook,
        meters: Mapping[str, MeterDefinition],
        *,
        customer_id: str,
        keys: Sequence[str],
        currency: str,
    ) -> "Bill":
        skeleton = skeleton_of(agreement, currency, book)
        named = dict.fromkeys(span.charge.price.meter for span in skeleton.metered if span.charge.price.meter)
        return cls(customer_id, tuple(keys), currency, agreement, skeleton, {key: meters[key] for key in named})

    def asked(self) -> list[Asked]:
        spans = {(span.charge.price.meter, span.period) for span in self.skeleton.metered}
        return [
            Asked(self.customer_id, self.keys, self.meters[meter], period)
            for meter, period in sorted(spans, key=str)
            if meter
        ]

    def lines(self, answers: Answers) -> list[Line]:
        return self.priced({
            (one.meter.key, one.period): answers[key]
            for one in self.asked()
            if (key := (self.customer_id, one.meter.key, one.period)) in answers
        })  # fmt: skip

    def priced(self, usage: Usage) -> list[Line]:
        return compose_lines(self.skeleton, usage, self.currency)


@dataclass(frozen=True, slots=True)
class Due:
    """A subscription with the bill of its next boundary."""

    subscription: Subscription
    bill: Bill


def load_due(session: Session, subscriptions: Sequence[Subscription]) -> list[Due]:
    """Each with its next boundary to bill."""
    agreements = {}
    for one in subscriptions:
        assert one.next_bill_at is not None
        agreements[one.id] = timeline_of(one).agreement(one.next_bill_at, one.billed_to, billed_ahead_of(one))
    bills = load_bills(session, [(one, agreements[one.id]) for one in subscriptions])
    return [Due(one, bill) for one, bill in zip(subscriptions, bills, strict=True)]


def load_estimated(session: Session, subscription: Subscription, at: datetime) -> Bill:
    """The bill of a later boundary, as if those before it had been billed."""
    timeline, billed_to, ahead = timeline_of(subscription), subscription.billed_to, billed_ahead_of(subscription)
    period = timeline.period_until(at)
    if period and billed_to != period.start:
        billed_to, ahead = period.start, timeline.ahead(period.start)
    (bill,) = load_bills(session, [(subscription, timeline.agreement(at, billed_to, ahead))])
    return bill


def load_bills(session: Session, agreements: Sequence[tuple[Subscription, Agreement]]) -> list[Bill]:
    if not agreements:
        return []
    keys = keys_of(session, [subscription.customer for subscription, _ in agreements])
    meters = {meter.key: definition_of(meter) for meter in session.scalars(sa.select(Meter))}
    book = PriceBook.load(session, [agreed for _, agreement in agreements for agreed in agreement.agreed])
    return [
        Bill.of(
            agreement,
            book,
            meters,
            customer_id=subscription.customer_id,
            keys=keys[subscription.customer_id],
            currency=subscription.currency,
        )
        for subscription, agreement in agreements
    ]
