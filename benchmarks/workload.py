"""What is sent and what is metered, the same for every server.

An AI company's calls: 10,000 customers of very different size (the density of a customer's rank r is about 1/r, so that
a tenth of a percent of them send a quarter of all events), five meters with dimensions.
"""

from typing import Any, Final

EVENT: Final = "call"
CUSTOMERS: Final = 10_000
MODELS: Final = ("gpt-4o", "gpt-4o-mini", "o3-mini", "sonnet-4", "haiku-3.5", "llama-70b")
REGIONS: Final = ("eu-west", "us-east", "ap-south")

#: As POST /v1/meters takes them; the baseline has the same five in SQL.
METERS: Final[tuple[dict[str, Any], ...]] = (
    {"key": "calls", "event": EVENT, "aggregation": "count", "dimensions": ["model"]},
    {
        "key": "input_tokens",
        "event": EVENT,
        "aggregation": "sum",
        "property": "properties.input",
        "dimensions": ["model"],
    },
    {
        "key": "output_tokens",
        "event": EVENT,
        "aggregation": "sum",
        "property": "properties.output",
        "dimensions": ["model", "region"],
    },
    {
        "key": "slowest_ms",
        "event": EVENT,
        "aggregation": "max",
        "property": "properties.ms",
        "dimensions": ["region"],
    },
    {
        "key": "cached_calls",
        "event": EVENT,
        "aggregation": "count",
        "filters": [{"property": "properties.cached", "operator": "eq", "values": ["true"]}],
        "dimensions": ["model"],
    },
)


def customer_key(rank: int) -> str:
    return f"cus_{rank:06d}"


def idle_meter(number: int) -> dict[str, Any]:
    """A meter of events that nobody sends."""
    return {
        "key": f"idle_{number}",
        "event": f"other_{number}",
        "aggregation": "sum",
        "property": "properties.input",
        "dimensions": ["model"],
    }


def further_meter(number: int) -> dict[str, Any]:
    """One more meter that every event matches."""
    return {**METERS[1], "key": f"input_tokens_{number}"}
