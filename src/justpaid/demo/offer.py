"""What Larkspur AI sells: its meters and plans, as they are sent to the API. Every price model is in some plan."""

from typing import Any, Final

METERS: Final[tuple[dict[str, Any], ...]] = (
    {
        "key": "requests",
        "name": "Requests",
        "event": "llm_request",
        "aggregation": "count",
        "dimensions": ["model", "service"],
    },
    {
        "key": "code_completions",
        "name": "Code completions",
        "event": "llm_request",
        "aggregation": "count",
        "filters": [{"property": "properties.service", "operator": "eq", "values": ["code"]}],
        "dimensions": ["model"],
    },
    {
        "key": "input_tokens",
        "name": "Input tokens",
        "event": "llm_request",
        "aggregation": "sum",
        "property": "properties.input_tokens",
        "dimensions": ["model", "service"],
    },
    {
        "key": "output_tokens",
        "name": "Output tokens",
        "event": "llm_output",
        "aggregation": "sum",
        "property": "properties.output_tokens",
        "dimensions": ["model", "service"],
    },
    {
        "key": "active_users",
        "name": "Active users",
        "event": "llm_request",
        "aggregation": "unique",
        "property": "properties.user",
    },
    {
        "key": "longest_context",
        "name": "Longest context",
        "event": "llm_request",
        "aggregation": "max",
        "property": "properties.input_tokens",
    },
    {
        "key": "mean_context",
        "name": "Mean context",
        "event": "llm_request",
        "aggregation": "average",
        "property": "properties.input_tokens",
        "dimensions": ["service"],
    },
    {
        "key": "cache_gigabytes",
        "name": "Prompt cache, latest size in GB",
        "event": "cache_size",
        "aggregation": "latest",
        "property": "properties.gigabytes",
    },
)

_STARTER: Final = {
    "key": "starter",
    "name": "Starter",
    "currency": "USD",
    "prices": [
        {
            "key": "requests",
            "name": "Requests",
            "meter": "requests",
            "model": "per_unit",
            "unit_amount": "0.02",
            "included_quantity": "100",
            "minimum_amount": "25",
        },
        {
            "key": "input",
            "name": "Input tokens",
            "meter": "input_tokens",
            "model": "per_unit",
            "unit_amount": "0.00005",
        },
        {
            "key": "output",
            "name": "Output tokens",
            "meter": "output_tokens",
            "model": "per_unit",
            "unit_amount": "0.0002",
        },
    ],
}

_TEAM: Final = {
    "key": "team",
    "name": "Team",
    "currency": "USD",
    "prices": [
        {"key": "platform", "name": "Team platform", "model": "flat", "amount": "99", "billing": "advance"},
        {
            "key": "requests",
            "name": "Requests",
            "meter": "requests",
            "model": "graduated",
            "tiers": [
                {"up_to": "1000", "unit_amount": "0.05"},
                {"up_to": "5000", "unit_amount": "0.03"},
                {"up_to": None, "unit_amount": "0.015"},
            ],
        },
        {
            "key": "output",
            "name": "Output tokens",
            "meter": "output_tokens",
            "model": "package",
            "package_size": "50000",
            "amount": "6",
        },
        {
            "key": "users",
            "name": "Active users",
            "meter": "active_users",
            "model": "per_unit",
            "unit_amount": "9",
            "included_quantity": "5",
        },
    ],
}

_SCALE: Final = {
    "key": "scale",
    "name": "Scale",
    "currency": "USD",
    "prices": [
        {"key": "platform", "name": "Scale platform", "model": "flat", "amount": "499", "billing": "advance"},
        {
            "key": "input",
            "name": "Input tokens",
            "meter": "input_tokens",
            "model": "volume",
            "tiers": [
                {"up_to": "5000000", "unit_amount": "0.00003"},
                {"up_to": "20000000", "unit_amount": "0.00002"},
                {"up_to": None, "unit_amount": "0.000012"},
            ],
        },
        {
            "key": "output",
            "name": "Output tokens",
            "meter": "output_tokens",
            "model": "graduated",
            "tiers": [
                {"up_to": "500000", "unit_amount": "0.0002"},
                {"up_to": "2000000", "unit_amount": "0.00015"},
                {"up_to": None, "unit_amount": "0.0001"},
            ],
        },
        {
            "key": "code",
            "name": "Code completions, capped",
            "meter": "code_completions",
            "model": "package",
            "package_size": "500",
            "amount": "12",
            "maximum_amount": "50",
        },
        {
            "key": "users",
            "name": "Active users",
            "meter": "active_users",
            "model": "per_unit",
            "unit_amount": "8",
            "included_quantity": "10",
        },
    ],
}

_ENTERPRISE_EU: Final = {
    "key": "enterprise-eu",
    "name": "Enterprise",
    "currency": "EUR",
    "prices": [
        {"key": "capacity", "name": "Dedicated capacity", "model": "flat", "amount": "1200", "billing": "arrears"},
        {
            "key": "requests",
            "name": "Requests",
            "meter": "requests",
            "model": "volume",
            "tiers": [
                {"up_to": "2000", "unit_amount": "0.05"},
                {"up_to": "10000", "unit_amount": "0.035"},
                {"up_to": None, "unit_amount": "0.02"},
            ],
        },
        {
            "key": "output",
            "name": "Output tokens, committed",
            "meter": "output_tokens",
            "model": "graduated",
            "minimum_amount": "250",
            "tiers": [
                {"up_to": "500000", "unit_amount": "0.0003"},
                {"up_to": None, "unit_amount": "0.0002"},
            ],
        },
        {
            "key": "long-context",
            "name": "Long context, by the longest prompt",
            "meter": "longest_context",
            "model": "volume",
            "tiers": [
                {"up_to": "4096", "flat_amount": "0"},
                {"up_to": "8192", "flat_amount": "75"},
                {"up_to": None, "flat_amount": "200"},
            ],
        },
        {
            "key": "cache",
            "name": "Prompt cache, GB at the period's end",
            "meter": "cache_gigabytes",
            "model": "per_unit",
            "unit_amount": "0.50",
        },
    ],
}

_JAPAN: Final = {
    "key": "japan",
    "name": "Japan",
    "currency": "JPY",
    "prices": [
        {"key": "platform", "name": "Platform", "model": "flat", "amount": "40000", "billing": "advance"},
        {
            "key": "requests",
            "name": "Requests",
            "meter": "requests",
            "model": "package",
            "package_size": "1000",
            "amount": "6000",
        },
        {
            "key": "input",
            "name": "Input tokens",
            "meter": "input_tokens",
            "model": "graduated",
            "tiers": [{"up_to": "1000000", "unit_amount": "0.003"}, {"up_to": None, "unit_amount": "0.002"}],
        },
        {
            "key": "output",
            "name": "Output tokens",
            "meter": "output_tokens",
            "model": "per_unit",
            "unit_amount": "0.03",
        },
        {
            "key": "users",
            "name": "Active users",
            "meter": "active_users",
            "model": "volume",
            "tiers": [{"up_to": "20", "unit_amount": "900"}, {"up_to": None, "unit_amount": "700"}],
        },
    ],
}

PLANS: Final[tuple[dict[str, Any], ...]] = tuple(
    {**plan, "interval": "month"} for plan in (_STARTER, _TEAM, _SCALE, _ENTERPRISE_EU, _JAPAN)
)
