"""Price patches: `{price_key: {field: value}}`, for a further currency of a version or for one customer.

A patch is laid over the price as JSON and the whole is parsed again, so a patched price keeps every rule of its model.
What is billed stays: a patch changes figures and terms, never the key, the meter or the product.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from justpaid.kernel.errors import FieldError, InvalidRequest
from justpaid.pricing import MODELS, MeteredPrice, Price, dump_price, invalid_request, parse_price

#: One customer's price patch.
Overrides = Mapping[str, Mapping[str, Any]]

_FIXED: Final = ("key", "meter", "product")


def patched(prices: Sequence[Price], patch: object, *, at: str) -> tuple[Price, ...]:
    """The prices with `patch` laid over them, in the same order. `at` (`overrides`) goes before each field of an error.

    A value of null takes a field away, so that its default holds. A patch that names another model starts from the
    price's key, name, product and meter alone.
    Raises: InvalidRequest with every wrong field, such as `overrides.api.unit_amount`.
    """
    if not isinstance(patch, Mapping):
        raise InvalidRequest.of(at, "must be an object of price keys, each with the fields that differ")
    known = [price.key for price in prices]
    errors = [
        FieldError(f"{at}.{key}", f"is no price of this plan, which has {', '.join(known)}", "not_found")
        for key in patch
        if key not in known
    ]
    result: list[Price] = []
    for price in prices:
        try:
            result.append(_patched_price(price, patch[price.key], f"{at}.{price.key}") if price.key in patch else price)
        except InvalidRequest as error:
            errors.extend(error.errors)
    if errors:
        raise invalid_request(errors)
    return tuple(result)


def as_stored(patch: Overrides, prices: Sequence[Price]) -> dict[str, Any]:
    """The patch as JSON, its figures as the `prices` that it led to have them (decimals as plain strings)."""
    dumped = {price.key: dump_price(price) for price in prices}
    return {key: {field: dumped[key].get(field) for field in sorted(fields)} for key, fields in sorted(patch.items())}


def _patched_price(price: Price, fields: object, at: str) -> Price:
    if not isinstance(fields, Mapping):
        raise InvalidRequest.of(at, "must be an object of the fields that differ")
    fixed = [
        FieldError(f"{at}.{field}", "can't be changed here: make a price of its own")
        for field in _FIXED
        if field in fields
    ]
    if fixed:
        raise invalid_request(fixed)
    before = dump_price(price)
    model = fields.get("model", before["model"])
    if model != before["model"]:
        before = _common_part(before, model, at)
    taken_away = {field for field, value in fields.items() if value is None}
    merged = {field: value for field, value in {**before, **fields}.items() if field not in taken_away}
    return parse_price(merged, in_plan=True, at=at)


def _common_part(price: dict[str, Any], model: object, at: str) -> dict[str, Any]:
    """What a price of another `model` takes over."""
    kind = MODELS.get(model) if isinstance(model, str) else None
    if kind is None or not issubclass(kind, MeteredPrice):
        return {field: price[field] for field in ("key", "name", "product")}
    if price.get("meter") is None:
        reason = f"a {price['model']} price has no meter, so it can't become a {model} price here"
        raise InvalidRequest.of(f"{at}.model", reason)
    return {field: price[field] for field in ("key", "name", "product", "meter")}
