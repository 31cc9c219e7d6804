"""What one boundary of a subscription bills, resolved to spans of time. Pure, and kept on the invoice as JSON.

An invoice is composed from its agreement and from usage alone, so that it can be verified for ever, whatever happens
to the subscription afterwards.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from justpaid.contracts.phases import Agreed, Segment, period_as_json, period_from_json
from justpaid.kernel.period import Period


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is owed at the boundary `at`, where the period `past` ends and `next` begins.

    `usage` and `fees` tile the part of `past` in which usage and fees are charged. A fee segment goes beyond the end of
    `past` where a period that was begun is owed whole. `billed_ahead` is what an earlier boundary billed in advance for
    `past`; `ahead` is what this one bills in advance for `next`.
    """

    at: datetime
    past: Period | None
    next: Period | None
    timezone: str
    usage: tuple[Segment, ...] = ()
    fees: tuple[Segment, ...] = ()
    billed_ahead: Segment | None = None
    ahead: Segment | None = None

    @property
    def period(self) -> Period:
        """The invoice's own period: the one that ended, or none at the subscription's start."""
        return self.past or Period(self.at, self.at)

    @property
    def agreed(self) -> tuple[Agreed, ...]:
        """All that is agreed in it, each once, the latest last."""
        found: list[Agreed] = []
        for segment in self._segments():
            if segment.agreed not in found:
                found.append(segment.agreed)
        return tuple(found)

    @property
    def plan_version_id(self) -> str | None:
        """The latest plan in it; None where nothing is charged, as in a pause."""
        agreed = self.agreed
        return agreed[-1].plan_version_id if agreed else None

    def as_json(self) -> dict[str, Any]:
        agreed = self.agreed

        def placed(segment: Segment | None) -> dict[str, Any] | None:
            return {"agreed": agreed.index(segment.agreed), **period_as_json(segment.period)} if segment else None

        return {
            "agreed": [one.as_json() for one in agreed],
            "at": self.at.isoformat(),
            "timezone": self.timezone,
            "past": self.past and period_as_json(self.past),
            "next": self.next and period_as_json(self.next),
            "usage": [placed(segment) for segment in self.usage],
            "fees": [placed(segment) for segment in self.fees],
            "billed_ahead": placed(self.billed_ahead),
            "ahead": placed(self.ahead),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Agreement":
        agreed = [Agreed.from_json(one) for one in stored["agreed"]]

        def segment(placed: Mapping[str, Any]) -> Segment:
            return Segment(agreed[placed["agreed"]], period_from_json(placed))

        return cls(
            at=datetime.fromisoformat(stored["at"]),
            timezone=stored["timezone"],
            past=period_from_json(stored["past"]) if stored["past"] else None,
            next=period_from_json(stored["next"]) if stored["next"] else None,
            usage=tuple(map(segment, stored["usage"])),
            fees=tuple(map(segment, stored["fees"])),
            billed_ahead=segment(stored["billed_ahead"]) if stored["billed_ahead"] else None,
            ahead=segment(stored["ahead"]) if stored["ahead"] else None,
        )

    def _segments(self) -> Iterable[Segment]:
        if self.billed_ahead:
            yield self.billed_ahead
        yield from self.usage
        yield from self.fees
        if self.ahead:
            yield self.ahead
