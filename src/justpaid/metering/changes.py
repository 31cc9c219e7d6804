"""What changed in usage since a place in the journal: late events, withdrawn ones, and steps of backfills."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from justpaid.metering.effects import NEVER, Effect, Effects, scope
from justpaid.metering.schema import BUCKET_S
from justpaid.platform.warehouse import Warehouse, quote


@dataclass(frozen=True, slots=True)
class Touched:
    """Events of this key and name, with timestamps from `first` to `last`, came, went, or came to count or not; the
    newest of these changes at the sequence `newest`, or at an unknown one (`NEVER`)."""

    customer_key: str
    event: str
    first: datetime
    last: datetime
    newest: int


class ChangeReader:
    def __init__(self, warehouse: Warehouse, effects: Effects) -> None:
        self._warehouse = warehouse
        self._effects = effects

    def since(self, organisation_id: str, sequence: int, before: datetime, keys: Collection[str] = ()) -> list[Touched]:
        """Of events with timestamps `before` an instant: what changed from this sequence on, and all that there is of
        the customer `keys`. More may be told than changes usage, never less.  Raises: EngineUnavailable."""
        voids = f"""SELECT customer, event, toDateTime64(min(bucket), 6, 'UTC') AS first,
                toDateTime64(max(bucket) + {BUCKET_S - 1}, 6, 'UTC') AS last, max(seq) AS newest
            FROM voids WHERE organisation = {{organisation:String}} AND seq >= {sequence:d}
            GROUP BY customer, event"""
        whole = " OR ".join(self._of_old(organisation_id, sequence, keys)) or "0"
        events = f"""SELECT customer, event, min(timestamp) AS first, max(timestamp) AS last,
                max(if({whole}, toUInt64({NEVER}), seq)) AS newest
            FROM events WHERE organisation = {{organisation:String}} AND timestamp < {{before:DateTime64(6, 'UTC')}}
                AND (seq >= {sequence:d} OR {whole})
            GROUP BY customer, event"""
        parameters: dict[str, Any] = {"organisation": organisation_id, "before": before, "keys": list(keys)}
        if not keys:
            del parameters["keys"]
        rows = self._warehouse.query(f"{events} UNION ALL {voids}", parameters).to_pylist()
        return [
            Touched(
                row["customer"],
                row["event"],
                row["first"].astimezone(UTC),
                row["last"].astimezone(UTC),
                row["newest"],
            )
            for row in rows
        ]

    def _of_old(self, organisation_id: str, sequence: int, keys: Collection[str]) -> Iterator[str]:
        """Conditions on events of whatever sequence that came to count, or ceased to, from this one on."""
        if keys:
            yield "customer IN {keys:Array(String)}"
        for effect in self._effects.of(organisation_id):
            if _stepped(effect) >= sequence:
                yield f"backfill = {quote(effect.backfill.id)}"
                if effect.backfill.replace:
                    yield f"({scope(effect.backfill)})"


def _stepped(effect: Effect) -> int:
    """When it last was closed or reverted."""
    return max(at for at in (effect.closed, effect.reverted, _NEVER_YET) if at < NEVER)


_NEVER_YET: Final = -1
