"""Price models and their arithmetic: (price, quantity) → an exact amount with the steps that lead to it. Pure."""

from justpaid.pricing.allowance import Allowance
from justpaid.pricing.evaluate import Evaluation, evaluate, rate
from justpaid.pricing.fees import is_fee, is_in_advance, unit_fee
from justpaid.pricing.fields import Amount, Key, Name, Strict
from justpaid.pricing.findings import field_errors, invalid_request
from justpaid.pricing.models import (
    MODELS,
    Band,
    CostPlusPrice,
    FlatPrice,
    GraduatedPrice,
    MatrixPrice,
    MeteredPrice,
    PackagePrice,
    PercentagePrice,
    PerUnitPrice,
    Price,
    QuantityPrice,
    SeatsPrice,
    VolumePrice,
)
from justpaid.pricing.parse import dump_price, parse_price
from justpaid.pricing.rating import Rating, Step, round_line
from justpaid.pricing.tiers import Tier
from justpaid.pricing.usage import Usage, grouped_by, quantity_of
from justpaid.pricing.wording import grouped

__all__ = [
    "MODELS",
    "Allowance",
    "Amount",
    "Band",
    "CostPlusPrice",
    "Evaluation",
    "FlatPrice",
    "GraduatedPrice",
    "Key",
    "MatrixPrice",
    "MeteredPrice",
    "Name",
    "PackagePrice",
    "PerUnitPrice",
    "PercentagePrice",
    "Price",
    "QuantityPrice",
    "Rating",
    "SeatsPrice",
    "Step",
    "Strict",
    "Tier",
    "Usage",
    "VolumePrice",
    "dump_price",
    "evaluate",
    "field_errors",
    "grouped",
    "grouped_by",
    "invalid_request",
    "is_fee",
    "is_in_advance",
    "parse_price",
    "quantity_of",
    "rate",
    "round_line",
    "unit_fee",
]
