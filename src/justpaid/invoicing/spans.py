"""From an agreement to what is charged over which time: a bill's skeleton, before quantities and rounding. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

from justpaid.contracts import Agreement, Charge, PriceBook, Segment
from justpaid.kernel.period import Period
from justpaid.kernel.schedule import Schedule

#: As many agreements that differ are kept in mind; a chunk of subscriptions seldom has more.
_KNOWN: Final = 5_000


@dataclass(frozen=True, slots=True)
class Span:
    """A charge over a period. `schedule` gives the full period of which that is a part."""

    charge: Charge
    period: Period
    schedule: Schedule

    @property
    def share(self) -> Fraction:
        return self.schedule.share(self.period)

    @property
    def terms(self) -> tuple[Any, ...]:
        """What has to be equal for two spans to be charged as one; a new name is no new price."""
        price = self.charge.price.model_dump(exclude={"name"})
        return self.charge.key, price, self.charge.units, self.schedule


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What one boundary bills.

    `metered` and `arrears` are of the period that ended, `upcoming` are the fees in advance of the one that begins.
    `billed` are the fees in advance that an earlier boundary billed for the period that ended. Where it went otherwise,
    `unused` takes back what they were too much and `remaining` adds what they were too little. `committed` are minimum
    commitments with the share of a full period that each is owed for.
    """

    keys: tuple[str, ...]
    metered: tuple[Span, ...]
    arrears: tuple[Span, ...]
    billed: tuple[Span, ...]
    unused: tuple[Span, ...]
    remaining: tuple[Span, ...]
    upcoming: tuple[Span, ...]
    committed: tuple[tuple[Decimal, Fraction], ...]


def skeleton_of(agreement: Agreement, currency: str, book: PriceBook) -> Skeleton:
    """`keys` are in the order of the latest agreement's prices, after them those that only earlier ones have."""

    def spans(segments: Iterable[Segment | None]) -> list[Span]:
        return [
            Span(charge, segment.period, segment.agreed.schedule(agreement.timezone))
            for segment in segments
            if segment
            for charge in book.charges(segment.agreed, currency).charges
        ]

    def in_advance(spans: Iterable[Span]) -> list[Span]:
        return [span for span in spans if span.charge.in_advance]

    fees = [span for span in spans(agreement.fees) if span.charge.is_fee]
    owed, billed = in_advance(fees), in_advance(spans([agreement.billed_ahead]))
    prices = [charge for one in reversed(agreement.agreed) for charge in book.charges(one, currency).charges]
    return Skeleton(
        keys=tuple(dict.fromkeys(charge.key for charge in prices)),
        metered=tuple(merged(span for span in spans(agreement.usage) if not span.charge.is_fee)),
        arrears=tuple(merged(span for span in fees if not span.charge.in_advance)),
        billed=tuple(billed),
        unused=tuple(merged(_beyond(billed, owed))),
        remaining=tuple(merged(_beyond(owed, billed))),
        upcoming=tuple(in_advance(spans([agreement.ahead]))),
        committed=tuple(_committed(agreement, currency, book)),
    )


class Skeletons:
    """Skeletons of agreements, each worked out once for all who agree to the same over the same time."""

    def __init__(self, book: PriceBook | None = None) -> None:
        self.book = book or PriceBook()
        self._known: dict[tuple[Agreement, str], Skeleton] = {}

    def of(self, agreement: Agreement, currency: str) -> Skeleton:
        """The price book has to have learnt what is agreed."""
        key = agreement, currency
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            found = self._known[key] = skeleton_of(agreement, currency, self.book)
        return found


def _committed(agreement: Agreement, currency: str, book: PriceBook) -> Iterator[tuple[Decimal, Fraction]]:
    """Segments one after the other with the same commitment as one, so that a change of seats does not show here."""
    found = [
        (commitment, segment.agreed.schedule(agreement.timezone).share(segment.period))
        for segment in agreement.fees
        if (commitment := book.charges(segment.agreed, currency).minimum_commitment)
    ]
    for amount, segments in groupby(found, key=lambda one: one[0]):
        yield amount, sum((share for _, share in segments), Fraction(0))


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans of the same terms that follow one another become one, by key in the order of time."""
    last: dict[str, Span] = {}
    for span in spans:
        before = last.get(span.charge.key)
        if before and before.period.end == span.period.start and before.terms == span.terms:
            span = replace(before, period=Period(before.period.start, span.period.end))
        elif before:
            yield before
        last[span.charge.key] = span
    yield from last.values()


def _beyond(spans: Sequence[Span], others: Sequence[Span]) -> Iterator[Span]:
    """What of `spans` no span of the same terms in `others` covers."""
    for span in spans:
        same = [other.period for other in others if other.terms == span.terms]
        for period in _without(span.period, sorted(same)):
            yield replace(span, period=period)


def _without(period: Period, holes: Iterable[Period]) -> Iterator[Period]:
    start = period.start
    for hole in holes:
        if start < hole.start < period.end:
            yield Period(start, hole.start)
        start = max(start, hole.end)
    if start < period.end:
        yield Period(start, period.end)
