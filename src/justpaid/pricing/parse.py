"""Reads prices from what a client sent, and says of each wrong field where it is and what to write instead."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from justpaid.kernel.errors import FieldError, InvalidRequest
from justpaid.pricing.findings import REQUIRED, dotted, field_errors, invalid_request
from justpaid.pricing.models import MODELS, MeteredPrice, Price


def parse_price(obj: object, *, in_plan: bool, at: str = "") -> Price:
    """Read one price. A plan's price needs a `key` and, where it is metered, a `meter`; evaluate needs neither.

    `at` is where the price stands in the request (`prices.0`); it goes before each field of an error.
    JSON numbers have to arrive as int or Decimal: a float has lost digits already and is refused.
    Raises: InvalidRequest, with every wrong field (`prices.0.tiers.2.up_to`).
    """
    if not isinstance(obj, Mapping):
        raise InvalidRequest.of(at or "price", "must be an object with a model and its fields")
    kind = _model_of(obj, at)
    errors = _missing_in_plan(kind, obj, at) if in_plan else []
    try:
        price = kind.model_validate(dict(obj))
    except ValidationError as invalid:
        errors += field_errors(invalid, at=at, kind=f"{obj['model']} price", known=kind.model_fields)
    if errors:
        raise invalid_request(errors)
    return price


def dump_price(price: Price) -> dict[str, Any]:
    """The price as JSON values, decimals as plain strings; `parse_price` reads it back to an equal price."""
    return price.model_dump(mode="json")


def _model_of(obj: Mapping[str, object], at: str) -> type[Price]:
    model = obj.get("model")
    known = ", ".join(MODELS)
    if model is None:
        raise InvalidRequest.of(dotted(at, "model"), f"is required: one of {known}", code=REQUIRED)
    if not isinstance(model, str) or model not in MODELS:
        shown = repr(model[:40]) if isinstance(model, str) else "this value"
        raise InvalidRequest.of(dotted(at, "model"), f"{shown} is not a price model; the known ones are {known}")
    return MODELS[model]


def _missing_in_plan(kind: type[Price], obj: Mapping[str, object], at: str) -> list[FieldError]:
    missing = []
    if "key" not in obj:
        missing.append(FieldError(dotted(at, "key"), "is required in a plan", REQUIRED))
    if issubclass(kind, MeteredPrice) and obj.get("meter") is None:
        reason = f"is required: a {obj['model']} price in a plan bills a meter; name its key"
        missing.append(FieldError(dotted(at, "meter"), reason, REQUIRED))
    return missing
