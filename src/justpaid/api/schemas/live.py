"""What the dashboard's live view is sent."""

from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from justpaid.api.values import write_instant
from justpaid.ingest import LiveEvent
from justpaid.kernel.decimals import parse_decimal, plain
from justpaid.kernel.instants import instant_of

_TOTALS: Final = ("tokens", "total_tokens")
_PARTS: Final = ("input_tokens", "output_tokens", "prompt_tokens", "completion_tokens")
_TEXT: Final = 100
_properties: Final = msgspec.json.Decoder(float_hook=Decimal)

LiveState = Literal["accepted", "metered", "unattributed"]


class LiveSampleOut(msgspec.Struct, frozen=True):
    """One of the events of the moment. `customer` is the key as sent, `customer_name` null where it means nobody yet.
    `model` and `tokens` come from properties of those names, or of input and output tokens."""

    id: str
    at: str
    customer: str
    customer_name: str | None
    event: str
    quantity: str
    model: str | None
    tokens: str | None
    state: LiveState

    @classmethod
    def of(cls, event: LiveEvent, customer_name: str | None, *, metered: bool) -> "LiveSampleOut":
        properties = _properties.decode(event.properties)
        model = properties.get("model")
        return cls(
            id=event.id,
            at=write_instant(instant_of(event.timestamp)),
            customer=event.customer_key,
            customer_name=customer_name,
            event=event.event,
            quantity=plain(Decimal(event.quantity)),
            model=model[:_TEXT] if isinstance(model, str) else None,
            tokens=_tokens(properties),
            state="unattributed" if customer_name is None else "metered" if metered else "accepted",
        )


class LivePulseOut(msgspec.Struct, frozen=True):
    """How it goes, four times a second. `shown` of `arrived` events since the last pulse came as samples."""

    at: str
    events_per_minute: int
    events_today: int
    metered_behind: int
    lag_ms: int
    arrived: int
    shown: int


class PortalPulseOut(msgspec.Struct, frozen=True):
    """`arrived` events of the customer came since the last pulse: ask again for what is shown."""

    at: str
    arrived: int


def _tokens(properties: dict[str, Any]) -> str | None:
    for name in _TOTALS:
        if (total := _number(properties.get(name))) is not None:
            return plain(total)
    parts = [part for name in _PARTS if (part := _number(properties.get(name))) is not None]
    return plain(sum(parts, Decimal(0))) if parts else None


def _number(value: object) -> Decimal | None:
    try:
        return parse_decimal(value)
    except ValueError:
        return None
