"""The events that a placed call becomes, as they are sent to the API. The same call always gives the same events.

A call is two events: what was asked (`llm_request`), and what was answered (`llm_output`), which live traffic sends
piece by piece while the answer streams. Once a day comes the size of each customer's prompt cache (`cache_size`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from justpaid.demo.cast import Customer, Part
from justpaid.demo.placing import Placed
from justpaid.demo.trace import Call
from justpaid.kernel.decimals import plain
from justpaid.kernel.period import timezone

Event = dict[str, Any]

#: What a cached token takes: keys and values of 80 layers × 8 heads × 128 numbers × 2 bytes, as Llama 3 70B has them.
_BYTES_PER_TOKEN: Final = 2 * 80 * 8 * 128 * 2


def events_of(placed: Placed) -> tuple[Event, Event]:
    event_id = f"demo-{placed.month}-{placed.call.service}-{placed.call.number}-{placed.copy}"
    return (
        request_event(f"{event_id}-in", placed.at, placed.call, placed.part),
        output_event(f"{event_id}-out", placed.at, placed.call.output_tokens, placed.call, placed.part),
    )


def request_event(event_id: str, at: datetime, call: Call, part: Part) -> Event:
    properties = _properties(call, part) | {"input_tokens": call.input_tokens}
    return _event(event_id, part.customer, "llm_request", at, properties)


def output_event(event_id: str, at: datetime, output_tokens: int, call: Call, part: Part) -> Event:
    properties = _properties(call, part) | {"output_tokens": output_tokens}
    return _event(event_id, part.customer, "llm_output", at, properties)


def cache_events(placed: Iterable[Placed], now: datetime) -> Iterator[Event]:
    """One for each customer and local day that has ended: the day's prompts, cached.

    Growth is left out: whether a month has it depends on `now`, and an event must not change its body.
    """
    tokens: dict[tuple[str, date], int] = defaultdict(int)
    customers: dict[str, Customer] = {}
    for one in placed:
        if one.copy == 1:
            customer = one.part.customer
            customers[customer.key] = customer
            tokens[customer.key, one.at.astimezone(timezone(customer.timezone)).date()] += one.call.input_tokens
    for (key, day), cached in sorted(tokens.items()):
        at = _last_second(day, customers[key].timezone)
        if at < now:
            gigabytes = (Decimal(cached * _BYTES_PER_TOKEN) / 10**9).quantize(Decimal("0.001"))
            properties = {"gigabytes": plain(gigabytes)}
            yield _event(f"demo-{day.isoformat()}-cache-{key}", customers[key], "cache_size", at, properties)


def _last_second(day: date, zone: str) -> datetime:
    midnight = datetime.combine(day + timedelta(days=1), time(), timezone(zone))
    return midnight.astimezone(UTC) - timedelta(seconds=1)


def _properties(call: Call, part: Part) -> dict[str, Any]:
    return {"model": part.model, "service": call.service, "user": part.user}


def _event(event_id: str, customer: Customer, event: str, at: datetime, properties: dict[str, Any]) -> Event:
    return {
        "id": event_id,
        "customer_id": customer.key,
        "event": event,
        "timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "quantity": 1,
        "properties": properties,
    }
