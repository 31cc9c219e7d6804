"""Make, change and find meters."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from justpaid.kernel.decimals import NotExact, parse_decimal, plain
from justpaid.kernel.errors import Conflict, FieldError, InvalidRequest
from justpaid.kernel.ids import new_id
from justpaid.metering.expressions import QUANTITY
from justpaid.metering.meter import NUMERIC, Aggregation, Filter, MeterDefinition, Operator
from justpaid.metering.tables import Meter
from justpaid.platform.finding import by_reference, newest_first

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
# The name of a property; a dot within it has a backslash before it. Each character can be read in one way only, so
# that no text makes the match slow.
_NAME: Final = r"(?:[^.\\\x00-\x1f]|\\\.|\\(?!\.)){1,100}"
_PROPERTY: Final = re.compile(rf"properties(\.{_NAME}){{1,8}}")
_DIMENSION: Final = re.compile(rf"{_NAME}(\.{_NAME}){{0,7}}")
MAX_FILTERS: Final = 20
MAX_DIMENSIONS: Final = 10


def define_meter(
    session: Session,
    organisation_id: str,
    *,
    key: str,
    name: str,
    event: str,
    aggregation: str,
    property: str | None,
    filters: Sequence[Filter],
    dimensions: Sequence[str],
) -> Meter:
    """Store a new meter. It counts past events too, once metering has taken it up.

    Raises: InvalidRequest with every field that is wrong; Conflict if the key is taken.
    """
    errors = [*_check_key(key), *_check_definition(aggregation, property, filters, dimensions)]
    if errors:
        raise InvalidRequest("The meter can't be made as described.", errors=errors)
    meter = Meter(
        id=new_id("mtr"),
        organisation_id=organisation_id,
        key=key,
        name=name or key,
        event=event,
        aggregation=aggregation,
        property=property,
        filters=_stored_filters(filters),
        dimensions=_stored_dimensions(dimensions),
    )
    session.add(meter)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(f"A meter with the key {key!r} exists. Change it with PATCH, or choose another key.") from None
    session.refresh(meter)
    return meter


def change_meter(session: Session, meter: Meter, changes: Mapping[str, Any]) -> bool:
    """Change the fields that are given, as `define_meter` takes them; True if what the meter counts has changed.

    A changed definition counts past events too, from the moment it is stored: in usage, in estimates, and on invoices
    that are made from then on. Those made before keep the definition that they were made with.
    Raises: InvalidRequest with every field that is wrong.
    """
    filters = changes["filters"] if "filters" in changes else definition_of(meter).filters
    wanted = {name: changes.get(name, getattr(meter, name)) for name in ("event", "aggregation", "property")}
    dimensions = changes.get("dimensions", meter.dimensions)
    if errors := _check_definition(wanted["aggregation"], wanted["property"], filters, dimensions):
        raise InvalidRequest("The meter can't be changed as described.", errors=errors)
    wanted |= {"filters": _stored_filters(filters), "dimensions": _stored_dimensions(dimensions)}
    meter.name = changes.get("name", meter.name)
    changed = any(getattr(meter, name) != value for name, value in wanted.items())
    if changed:
        for name, value in wanted.items():
            setattr(meter, name, value)
        # In SQL, so that of two changes at once neither takes the other's number.
        meter.version = Meter.version + 1
    session.flush()
    session.refresh(meter)
    return changed


def find_meter(session: Session, reference: str) -> Meter:
    """The meter with this key or id.  Raises: NotFound."""
    return by_reference(session, Meter, "meter", reference)


def list_meters(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[Meter]:
    """Newest first; those made before `before_id` where it is given."""
    return newest_first(session, sa.select(Meter), Meter.id, limit, before_id)


def load_definitions(session: Session) -> list[MeterDefinition]:
    return [definition_of(meter) for meter in session.scalars(sa.select(Meter).order_by(Meter.id))]


def definition_of(meter: Meter) -> MeterDefinition:
    return MeterDefinition(
        id=meter.id,
        organisation_id=meter.organisation_id,
        key=meter.key,
        event=meter.event,
        aggregation=Aggregation(meter.aggregation),
        property=meter.property,
        filters=tuple(Filter(f["property"], Operator(f["operator"]), tuple(f["values"])) for f in meter.filters),
        dimensions=tuple(meter.dimensions),
        version=meter.version,
    )


def _check_definition(
    aggregation: str, property: str | None, filters: Sequence[Filter], dimensions: Sequence[str]
) -> list[FieldError]:
    errors = [
        *_check_property(aggregation, property),
        *(error for position, filter_ in enumerate(filters) for error in _check_filter(position, filter_)),
        *_check_dimensions(dimensions),
    ]
    if len(filters) > MAX_FILTERS:
        errors.append(FieldError("filters", f"more than {MAX_FILTERS}"))
    return errors


def _stored_filters(filters: Sequence[Filter]) -> list[dict[str, Any]]:
    return [
        {"property": f.property, "operator": f.operator.value, "values": list(f.values)}
        for f in map(_canonical, filters)
    ]


def _stored_dimensions(dimensions: Sequence[str]) -> list[str]:
    return [name.removeprefix("properties.") for name in dimensions]


def _check_key(key: str) -> list[FieldError]:
    if _KEY.fullmatch(key):
        return []
    return [FieldError("key", "1 to 64 of a-z, 0-9, _ . -, beginning with a letter or digit")]


def _check_property(aggregation: str, property: str | None) -> list[FieldError]:
    if aggregation not in set(Aggregation):
        return [FieldError("aggregation", "must be one of " + ", ".join(Aggregation))]
    if aggregation == Aggregation.COUNT:
        return [] if property is None else [FieldError("property", "count takes no property; use sum to add one up")]
    if property is None:
        return [FieldError("property", f'{aggregation} needs one: "quantity" or "properties.tokens"', "missing")]
    return _check_path("property", property)


def _check_path(field: str, property: str) -> list[FieldError]:
    if property == QUANTITY or _PROPERTY.fullmatch(property):
        return []
    return [FieldError(field, f'{property[:60]!r} is neither "quantity" nor a path such as "properties.usage.tokens"')]


def _check_filter(position: int, filter_: Filter) -> list[FieldError]:
    field = f"filters.{position}"
    errors = _check_path(f"{field}.property", filter_.property)
    count = len(filter_.values)
    if filter_.operator is Operator.EXISTS:
        if count:
            errors.append(FieldError(f"{field}.values", "exists takes no values"))
    elif filter_.operator in (Operator.IN, Operator.NOT_IN):
        if not 1 <= count <= 1000:
            errors.append(FieldError(f"{field}.values", f"{filter_.operator} takes 1 to 1000 values"))
    elif count != 1:
        errors.append(FieldError(f"{field}.values", f"{filter_.operator} takes exactly one value"))
    elif filter_.operator in NUMERIC:
        try:
            parse_decimal(filter_.values[0])
        except NotExact as error:
            errors.append(FieldError(f"{field}.values.0", f"{filter_.operator} compares numbers: {error}"))
    return errors


def _canonical(filter_: Filter) -> Filter:
    """Numbers in the spelling that stored events have (1.50 → 1.5); other texts as they are."""
    return Filter(filter_.property, filter_.operator, tuple(map(_canonical_value, filter_.values)))


def _canonical_value(value: str) -> str:
    try:
        return plain(parse_decimal(value))
    except NotExact:
        return value


def _check_dimensions(dimensions: Sequence[str]) -> list[FieldError]:
    errors = [
        FieldError(f"dimensions.{position}", 'must be a property such as "model" or "usage.region"')
        for position, name in enumerate(dimensions)
        if not _DIMENSION.fullmatch(name.removeprefix("properties."))
    ]
    if len(dimensions) > MAX_DIMENSIONS:
        errors.append(FieldError("dimensions", f"more than {MAX_DIMENSIONS}"))
    if len({name.removeprefix("properties.") for name in dimensions}) < len(dimensions):
        errors.append(FieldError("dimensions", "names one dimension twice"))
    return errors
