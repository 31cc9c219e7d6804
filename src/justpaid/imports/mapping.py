"""What the columns of a file mean: from a row to an event, or to why it is none."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from justpaid.kernel.errors import FieldError, InvalidRequest
from justpaid.kernel.period import UnknownTimezone, timezone

FIELDS: Final = ("id", "customer_id", "event", "timestamp", "quantity")
PROPERTY: Final = "properties."
MOST_TARGETS: Final = 200

#: Names by which columns are known, without regard to case, spaces and underscores.
_KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "eventid", "uuid", "requestid", "idempotencykey", "transactionid"),
    "customer_id": (
        "customerid",
        "customer",
        "account",
        "accountid",
        "client",
        "clientid",
        "tenant",
        "userid",
        "subject",
    ),
    "event": ("event", "eventname", "eventtype", "type", "action"),
    "timestamp": ("timestamp", "time", "date", "datetime", "at", "createdat", "occurredat", "eventtime", "ts"),
    "quantity": ("quantity", "qty", "amount", "count", "units", "value"),
}
#: Not with leading zeros, which only identifiers have, and not longer than what every reader keeps exactly.
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,12})?")
_LOCAL: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?))?")
_encoder: Final = msgspec.json.Encoder(decimal_format="number")


class RowRejected(ValueError):
    """This row is no event. `code` is lasting, the message says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """`columns`: a field of the event, or `properties.…`, → the column that has it. `values`: → the same text for all
    rows. `timezone`: of timestamps without an offset; None refuses them."""

    columns: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    timezone: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"columns": dict(self.columns), "values": dict(self.values), "timezone": self.timezone}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ColumnMapping":
        return cls(stored["columns"], stored["values"], stored["timezone"])


def check(mapping: ColumnMapping, columns: Sequence[str], *, at: str = "mapping") -> None:
    """Raises: InvalidRequest, with every field that is wrong."""
    errors = []
    for group, targets in (("columns", mapping.columns), ("values", mapping.values)):
        for target, source in targets.items():
            where = f"{at}.{group}.{target}"
            if target not in FIELDS and not (target.startswith(PROPERTY) and target != PROPERTY):
                errors.append(FieldError(where, f"is no field of an event: {', '.join(FIELDS)} or properties.…"))
            elif group == "columns" and source not in columns:
                errors.append(FieldError(where, f"{source!r} is no column of the file; it has {', '.join(columns)}"))
            elif group == "values" and target in mapping.columns:
                errors.append(FieldError(where, "has a column already; leave one of the two out"))
    errors += [
        FieldError(f"{at}.columns.{target}", "is required: map a column, or give a value for all rows", "missing")
        for target in ("customer_id", "event")
        if target not in mapping.columns and target not in mapping.values
    ]
    if "id" in mapping.values:
        errors.append(FieldError(f"{at}.values.id", "would make all rows one event; map a column, or leave it out"))
    if len(mapping.columns) + len(mapping.values) > MOST_TARGETS:
        errors.append(FieldError(at, f"has more than {MOST_TARGETS} entries"))
    if mapping.timezone is not None:
        try:
            timezone(mapping.timezone)
        except UnknownTimezone as error:
            errors.append(FieldError(f"{at}.timezone", str(error)))
    if errors:
        raise InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)


def suggest(columns: Sequence[str], samples: Sequence[Sequence[str]], zone: str) -> ColumnMapping:
    """By the columns' names; what is not known is a property. `zone` is suggested where timestamps have no offset."""
    chosen: dict[str, str] = {}
    for target, names in _KNOWN.items():
        by_name = {re.sub(r"[\s_.-]", "", column).lower(): column for column in reversed(columns)}
        found = next(
            (by_name[name] for name in names if name in by_name and by_name[name] not in chosen.values()), None
        )
        if found is not None:
            chosen[target] = found
    taken = set(chosen.values())
    for column in columns:
        if column not in taken:
            chosen[PROPERTY + column.removeprefix(PROPERTY)] = column
    local = False
    if "timestamp" in chosen:
        local = any(_LOCAL.fullmatch(sample.strip()) for sample in samples[columns.index(chosen["timestamp"])])
    return ColumnMapping(chosen, {}, zone if local else None)


class RowReader:
    """Makes events of the rows of one file."""

    def __init__(self, mapping: ColumnMapping, columns: Sequence[str], digest: str) -> None:
        self._width = len(columns)
        self._places = {target: columns.index(column) for target, column in mapping.columns.items()}
        self._values = mapping.values
        self._zone = timezone(mapping.timezone) if mapping.timezone else None
        self._digest = digest[:32]

    def event(self, number: int, cells: Sequence[str]) -> bytes:
        """The row's event as JSON; `number` counts from 1.  Raises: RowRejected."""
        if len(cells) > self._width:
            raise RowRejected("too_many_cells", f"the row has {len(cells)} cells, the header {self._width}")
        given = {target: cells[place].strip() for target, place in self._places.items() if place < len(cells)}
        given = {**{target: text.strip() for target, text in self._values.items()}, **given}
        event: dict[str, Any] = {"id": given.get("id") or f"csv-{self._digest}-{number}"}
        if "id" in self._places and not given.get("id"):
            raise RowRejected("missing_field", "id: is mapped to a column and empty in this row")
        for target in ("customer_id", "event"):
            if not given.get(target):
                raise RowRejected("missing_field", f"{target}: is required and empty in this row")
            event[target] = given[target]
        if given.get("timestamp"):
            event["timestamp"] = self._timestamp(given["timestamp"])
        if given.get("quantity"):
            event["quantity"] = given["quantity"]
        properties = {
            target.removeprefix(PROPERTY): _value(text)
            for target, text in given.items()
            if target.startswith(PROPERTY) and text
        }
        if properties:
            event["properties"] = properties
        return _encoder.encode(event)

    def _timestamp(self, text: str) -> Any:
        local = _LOCAL.fullmatch(text)
        if local is not None:
            if self._zone is None:
                return text  # refused by the rule of all events
            try:
                at = datetime.fromisoformat(f"{local[1]}T{local[2] or '00:00'}")
            except ValueError:
                return text
            return at.replace(tzinfo=self._zone).isoformat()
        return _value(text)


def _value(text: str) -> str | Decimal:
    return Decimal(text) if _NUMBER.fullmatch(text) else text
