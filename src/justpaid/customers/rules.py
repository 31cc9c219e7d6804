"""What a customer's fields may hold. All that is wrong is told at once."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from justpaid.accounts import MAX_NET_DAYS
from justpaid.kernel.errors import FieldError, InvalidRequest
from justpaid.kernel.money import UnknownCurrency, minor_places
from justpaid.kernel.period import UnknownTimezone, timezone
from justpaid.taxes import TAX_ID_TYPES, TaxStatus, check_tax_id

MAX_TEXT: Final = 255
MAX_EMAIL: Final = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets
MAX_ALIASES: Final = 50
MAX_METADATA: Final = 50
MAX_METADATA_KEY: Final = 64
MAX_METADATA_VALUE: Final = 500
MAX_TAX_IDS: Final = 10
MAX_TAX_RATES: Final = 10
MAX_PO_NUMBER: Final = 100
ADDRESS_PARTS: Final = ("line1", "line2", "city", "state", "postal_code", "country")

# Only the shape: whether an address exists is known when a letter to it comes back.
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def check(fields: Mapping[str, Any]) -> None:
    """`fields`: what is to be set, by name.  Raises: InvalidRequest, with an error for each bad field."""
    errors = [error for name, value in fields.items() for error in _CHECKS[name](name, value)]
    if errors:
        raise InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)


def _text(field: str, value: str) -> list[FieldError]:
    if not 0 < len(value) <= MAX_TEXT or not value.strip():
        return [FieldError(field, f"must have 1 to {MAX_TEXT} characters, not all blank")]
    return []


def _key(field: str, value: str) -> list[FieldError]:
    """Events and addresses carry keys, so nothing invisible may be in one."""
    if not 0 < len(value) <= MAX_TEXT:
        return [FieldError(field, f"must have 1 to {MAX_TEXT} characters")]
    if value != value.strip() or any(unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} for c in value):
        return [FieldError(field, "must not start or end with a space, nor hold control characters")]
    return []


def _email(field: str, value: str) -> list[FieldError]:
    if len(value) > MAX_EMAIL or not _EMAIL.fullmatch(value):
        return [FieldError(field, f"must look like name@example.com, in at most {MAX_EMAIL} characters")]
    return []


def _currency(field: str, value: str) -> list[FieldError]:
    try:
        minor_places(value)
    except UnknownCurrency as error:
        return [FieldError(field, str(error))]
    return []


def _timezone(field: str, value: str) -> list[FieldError]:
    try:
        timezone(value)
    except UnknownTimezone as error:
        return [FieldError(field, str(error))]
    return []


def _aliases(field: str, value: list[str]) -> list[FieldError]:
    if len(value) > MAX_ALIASES:
        return [FieldError(field, f"must have at most {MAX_ALIASES} entries")]
    return [error for i, alias in enumerate(value) for error in _key(f"{field}.{i}", alias)]


def _address(field: str, value: Mapping[str, str]) -> list[FieldError]:
    errors = [
        FieldError(f"{field}.{part}", f"is no part of an address: use {', '.join(ADDRESS_PARTS)}")
        for part in value
        if part not in ADDRESS_PARTS
    ]
    errors += [error for part, text in value.items() for error in _text(f"{field}.{part}", text)]
    if "country" in value and not re.fullmatch("[A-Z]{2}", value["country"]):
        errors.append(FieldError(f"{field}.country", "must be two capital letters, such as DE or US (ISO 3166-1)"))
    return errors


def _metadata(field: str, value: Mapping[str, str]) -> list[FieldError]:
    if len(value) > MAX_METADATA:
        return [FieldError(field, f"must have at most {MAX_METADATA} pairs")]
    errors = []
    for key, text in value.items():
        if not 0 < len(key) <= MAX_METADATA_KEY:
            errors.append(FieldError(field, f"keys must have 1 to {MAX_METADATA_KEY} characters, not {len(key)}"))
        elif len(text) > MAX_METADATA_VALUE:
            errors.append(FieldError(f"{field}.{key}", f"must have at most {MAX_METADATA_VALUE} characters"))
    return errors


def _tax_status(field: str, value: str) -> list[FieldError]:
    if value not in get_args(TaxStatus):
        return [FieldError(field, "must be one of " + ", ".join(get_args(TaxStatus)))]
    return []


def _tax_ids(field: str, value: list[dict[str, str]]) -> list[FieldError]:
    if len(value) > MAX_TAX_IDS:
        return [FieldError(field, f"must have at most {MAX_TAX_IDS} entries")]
    errors = []
    for position, tax_id in enumerate(value):
        if tax_id["type"] not in TAX_ID_TYPES:
            errors.append(FieldError(f"{field}.{position}.type", "must be one of " + ", ".join(TAX_ID_TYPES)))
            continue
        try:
            check_tax_id(tax_id["type"], tax_id["value"])
        except ValueError as error:
            errors.append(FieldError(f"{field}.{position}.value", str(error)))
    return errors


def _tax_rates(field: str, value: list[str]) -> list[FieldError]:
    if len(value) > MAX_TAX_RATES or len(set(value)) < len(value):
        return [FieldError(field, f"must have at most {MAX_TAX_RATES} entries, each once")]
    return []


def _net_days(field: str, value: int) -> list[FieldError]:
    if not 0 <= value <= MAX_NET_DAYS:
        return [FieldError(field, f"must be 0 to {MAX_NET_DAYS} days")]
    return []


def _po_number(field: str, value: str) -> list[FieldError]:
    if not 0 < len(value) <= MAX_PO_NUMBER or not value.strip():
        return [FieldError(field, f"must have 1 to {MAX_PO_NUMBER} characters, not all blank")]
    return []


def _or_none(one: Callable[[str, Any], list[FieldError]]) -> Callable[[str, Any], list[FieldError]]:
    return lambda field, value: [] if value is None else one(field, value)


def _never_none(one: Callable[[str, Any], list[FieldError]]) -> Callable[[str, Any], list[FieldError]]:
    return lambda field, value: [FieldError(field, "can't be null")] if value is None else one(field, value)


_CHECKS: Final[Mapping[str, Callable[[str, Any], list[FieldError]]]] = {
    "external_id": _or_none(_key),
    "aliases": _never_none(_aliases),
    "name": _never_none(_text),
    "email": _or_none(_email),
    "currency": _never_none(_currency),
    "timezone": _never_none(_timezone),
    "address": _or_none(_address),
    "metadata": _never_none(_metadata),
    "tax_status": _never_none(_tax_status),
    "tax_ids": _never_none(_tax_ids),
    "tax_rates": _or_none(_tax_rates),
    "net_days": _or_none(_net_days),
    "po_number": _or_none(_po_number),
    "consolidate_invoices": lambda _field, _value: [],
}
