"""Price models and their arithmetic: (price, quantity) → an exact amount with the steps that lead to it. Pure."""

from justpaid.pricing.evaluate import Evaluation, Usage, evaluate, rate
from justpaid.pricing.findings import field_errors, invalid_request
from justpaid.pricing.models import (
    MODELS,
    FlatPrice,
    GraduatedPrice,
    MeteredPrice,
    PackagePrice,
    PerUnitPrice,
    Price,
    VolumePrice,
)
from justpaid.pricing.parse import dump_price, parse_price
from justpaid.pricing.rating import Rating, Step, round_line
from justpaid.pricing.tiers import Tier

__all__ = [
    "MODELS",
    "Evaluation",
    "FlatPrice",
    "GraduatedPrice",
    "MeteredPrice",
    "PackagePrice",
    "PerUnitPrice",
    "Price",
    "Rating",
    "Step",
    "Tier",
    "Usage",
    "VolumePrice",
    "dump_price",
    "evaluate",
    "field_errors",
    "invalid_request",
    "parse_price",
    "rate",
    "round_line",
]
