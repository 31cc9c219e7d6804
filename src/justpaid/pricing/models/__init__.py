"""The price models: one file each, told apart by `model`. A new model is a file here and its class in `Price`."""

from typing import Annotated, Final, get_args

from pydantic import Field

from justpaid.pricing.models.base import BasePrice
from justpaid.pricing.models.cost_plus import CostPlusPrice
from justpaid.pricing.models.flat import FlatPrice
from justpaid.pricing.models.graduated import GraduatedPrice
from justpaid.pricing.models.matrix import MatrixPrice
from justpaid.pricing.models.metered import MeteredPrice, QuantityPrice
from justpaid.pricing.models.package import PackagePrice
from justpaid.pricing.models.per_unit import PerUnitPrice
from justpaid.pricing.models.percentage import Band, PercentagePrice
from justpaid.pricing.models.seats import SeatsPrice
from justpaid.pricing.models.volume import VolumePrice

Price = Annotated[
    FlatPrice
    | SeatsPrice
    | PerUnitPrice
    | GraduatedPrice
    | VolumePrice
    | PackagePrice
    | PercentagePrice
    | MatrixPrice
    | CostPlusPrice,
    Field(discriminator="model"),
]


def _by_name() -> dict[str, type[Price]]:
    union, _ = get_args(Price)
    return {get_args(kind.model_fields["model"].annotation)[0]: kind for kind in get_args(union)}


#: By the value of `model`, in the order in which people are told of them.
MODELS: Final = _by_name()

__all__ = [
    "MODELS",
    "Band",
    "BasePrice",
    "CostPlusPrice",
    "FlatPrice",
    "GraduatedPrice",
    "MatrixPrice",
    "MeteredPrice",
    "PackagePrice",
    "PerUnitPrice",
    "PercentagePrice",
    "Price",
    "QuantityPrice",
    "SeatsPrice",
    "VolumePrice",
]
