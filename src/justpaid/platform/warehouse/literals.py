"""Values as ClickHouse reads them: quoted inside a statement, or as the text of a bound parameter."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from justpaid.kernel.decimals import plain
from justpaid.kernel.instants import microseconds_of, seconds_of


def quote(text: str) -> str:
    """A string literal for SQL that is generated; whatever the text holds, it stays text."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_second(instant: datetime) -> str:
    """A literal for a column in whole seconds (DateTime): the second that the instant lies in."""
    return f"fromUnixTimestamp({seconds_of(instant)})"


def quote_instant(instant: datetime) -> str:
    """A literal for a column in microseconds (DateTime64(6, 'UTC'))."""
    return f"fromUnixTimestamp64Micro({microseconds_of(instant)}, 'UTC')"


def parameter(value: Any) -> str:
    """The text of a bound `{name:Type}` parameter: top-level strings unquoted and escaped, array elements quoted."""
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return _element(value)


def _element(value: Any) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return quote(parameter(value))
    if isinstance(value, Sequence):
        return "[" + ",".join(map(_element, value)) + "]"
    return str(value)
