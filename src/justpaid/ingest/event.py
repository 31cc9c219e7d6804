"""One event as a client sends it: what is required, what is bounded, and its canonical form.

The canonical form is what de-duplication compares: key order, white space and spelling of numbers (1.50, 1.5, 15e-1)
make no difference; a timestamp that the server gave is no part of it.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_64_digest

from justpaid.kernel.decimals import EXACT, LIMIT, NotExact, parse_decimal, plain
from justpaid.kernel.instants import EPOCH, microseconds_of

MAX_PROPERTIES_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 32
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
# Epoch numbers below this are seconds, from it on milliseconds: the year 5138 in seconds, 1973 in milliseconds.
_MILLISECONDS_FROM: Final = 10**11
_LIVE_LEEWAY: Final = timedelta(days=1)
_TEST_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
#: Arrow reads a column of texts such as 2026-04-17T15:19:02Z and 2026-04-17T15:19:02.847123Z at a tenth of the cost. Of
#: other spellings it knows more, and others, than Python.
_PLAIN_LENGTHS: Final = frozenset({20, *range(22, 28)})
_INSTANT: Final = pa.timestamp("us", "UTC")
#: With fewer events a column costs more than its values one by one.
WORTH_A_COLUMN: Final = 8
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class EventIn(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The wire form. `quantity` and `timestamp` are checked by hand: each has several spellings."""

    customer_id: Name
    event: Name
    id: Name | None = None
    timestamp: Any = None
    quantity: Any = 1
    properties: dict[str, Any] | None = None


class EventRejected(ValueError):
    """This event can't be kept. `code` is lasting; the message names the field and the remedy.

    `id` is the event's own, where it could be read although the event could not.
    """

    def __init__(self, code: str, message: str, event_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.id = event_id


class LongNumber(Decimal):
    """A number that JSON readers would round or spell in another way; among properties it is kept as text.

    The warehouse reads numbers as 64-bit floats, which keep 15 digits, and spells those below 0.000001 as 1e-7.
    """


_FLOAT_DIGITS: Final = 15
_SPELLED_PLAIN: Final = -6
# Far below the 12 places of a quantity; written out, 1e-999999 would be a megabyte.
_SMALLEST_WRITTEN_OUT: Final = -30


def exact_number(text: str) -> Decimal | int:
    """A JSON number with a fraction or exponent, normalised; refuses what is not exact within bounds (1e400)."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        raise ValueError(f"the number {text[:40]} has an exponent out of range") from None
    if number and number.adjusted() >= LIMIT.adjusted():
        raise ValueError(f"the number {text[:40]} is too large: at most 20 digits before the decimal point")
    whole = int(number)
    if whole == number:
        return whole
    exact = number.normalize(EXACT)
    if exact != number:
        raise ValueError(f"the number {text[:40]} has more than {EXACT.prec} digits")
    size = exact.adjusted()
    if size >= _SMALLEST_WRITTEN_OUT and (len(exact.as_tuple().digits) > _FLOAT_DIGITS or size < _SPELLED_PLAIN):
        return LongNumber(exact)
    return exact


_encoder: Final = msgspec.json.Encoder(order="sorted", decimal_format="number", enc_hook=plain)


def canonical_properties(properties: dict[str, Any] | None) -> bytes:
    """Compact JSON with sorted keys.  Raises: EventRejected over 64 KiB or nested deeper than 32 levels."""
    if not properties:
        return b"{}"
    try:
        text: bytes = _encoder.encode(properties)
    except RecursionError:
        raise _too_deep() from None
    # Two counts of bytes spare the walk to all but a few; whatever reads it later can then recurse without care.
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and _is_deeper(properties, MAX_DEPTH):
        raise _too_deep()
    if len(text) > MAX_PROPERTIES_BYTES:
        raise EventRejected(
            "properties_too_large",
            f"properties: {len(text)} bytes are more than the {MAX_PROPERTIES_BYTES} that an event may carry; "
            "send only what is metered or shown on invoices",
        )
    return text


def canonical_lines(every: Sequence[dict[str, Any] | None]) -> list[bytes] | None:
    """`canonical_properties` of each; None where one of them may be too deep or too large."""
    try:
        text = _encoder.encode_lines([properties or {} for properties in every])
    except RecursionError:
        return None
    if text.count(b"{") + text.count(b"[") - len(every) >= MAX_DEPTH:
        return None
    lines = text.split(b"\n")  # in JSON text a line break is escaped
    lines.pop()
    return None if len(text) > MAX_PROPERTIES_BYTES and max(map(len, lines)) > MAX_PROPERTIES_BYTES else lines


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    items = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in items)


def _too_deep() -> EventRejected:
    return EventRejected("invalid_properties", f"properties: are nested deeper than {MAX_DEPTH} levels; send them flat")


def parse_quantity(value: Any) -> str:
    """The quantity's plain decimal text.  Raises: EventRejected."""
    if value.__class__ is int and -(10**18) < value < 10**18:
        return str(value)
    try:
        return plain(parse_decimal(value))
    except NotExact as error:
        raise EventRejected("invalid_quantity", f'quantity: {error}, such as 3 or "0.25"') from None


def parse_quantities(values: Sequence[Any]) -> list[str]:
    """`parse_quantity` of each.  Raises: EventRejected."""
    if set(map(type, values)) == {int}:
        texts = {value: parse_quantity(value) for value in set(values)}  # mostly a few, and mostly 1
        return [texts[value] for value in values]
    return list(map(parse_quantity, values))


def latest_timestamp(now: datetime, *, live: bool) -> datetime:
    """Who bills for real can't send from the future, but clocks may be wrong; a test may send from any time."""
    return now + _LIVE_LEEWAY if live else _TEST_LATEST


def parse_timestamp(value: Any, latest: datetime) -> int:
    """Microseconds since 1970 UTC, from RFC 3339 text with an offset or from epoch seconds or milliseconds.

    Raises: EventRejected for no offset, a year before 2000, or an instant after `latest`.
    """
    try:
        if value.__class__ is str:
            instant = _from_text(value)
            if instant.tzinfo is None:
                raise EventRejected(
                    "invalid_timestamp",
                    f"timestamp: {value[:40]!r} has no offset; write 2026-04-17T15:19:02Z or +02:00",
                )
        else:
            instant = _from_epoch(value)
    except (ValueError, OverflowError, ArithmeticError) as error:
        if isinstance(error, EventRejected):
            raise
        raise EventRejected(
            "invalid_timestamp",
            f"timestamp: {str(value)[:40]!r} is neither RFC 3339 (2026-04-17T15:19:02Z) nor epoch seconds or "
            "milliseconds",
        ) from None
    if not _EARLIEST <= instant <= latest:
        raise EventRejected(
            "invalid_timestamp",
            f"timestamp: {str(value)[:40]!r} is outside {_EARLIEST:%Y-%m-%d} to {latest:%Y-%m-%dT%H:%MZ}; "
            "check the sender's clock and unit",
        )
    return microseconds_of(instant)


def parse_timestamps(values: Sequence[Any], latest: datetime) -> Sequence[int | None] | None:
    """`parse_timestamp` of each, or None for each that is missing; None if they are not all missing, or all of the same
    plain form, or one would be refused."""
    kinds = set(map(type, values))
    if kinds == {type(None)}:
        return [None] * len(values)
    if kinds != {str} or len(values) < WORTH_A_COLUMN:
        return None
    if not _PLAIN_LENGTHS.issuperset(map(len, values)) or {value[-1] for value in values} != {"Z"}:
        return None
    try:
        instants = pc.cast(pa.array(values, pa.string()), _INSTANT)
    except pa.ArrowInvalid:
        return None
    bounds = pc.min_max(instants).as_py()
    if not _EARLIEST <= bounds["min"] <= bounds["max"] <= latest:
        return None
    return instants.cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]


def _from_text(text: str) -> datetime:
    """RFC 3339 allows two spellings that Python does not read: a small z, and the leap second :60, which counts here,
    as on Unix, as the first second of the next minute."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        unusual = text.upper()
        if unusual[16:19] == ":60":
            return datetime.fromisoformat(f"{unusual[:16]}:59{unusual[19:]}") + timedelta(seconds=1)
        return datetime.fromisoformat(unusual)


def _from_epoch(value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueError("not a number")
    number = Decimal(value)
    unit = 1000 if abs(number) >= _MILLISECONDS_FROM else 1_000_000
    return EPOCH + timedelta(microseconds=int(number * unit))


def check_text(event: EventIn) -> None:
    """Refuse control characters in names.  Raises: EventRejected."""
    for field in ("customer_id", "event", "id"):
        if _CONTROL.search(getattr(event, field) or ""):
            raise EventRejected(f"invalid_{field}", f"{field}: must not contain control characters")


def check_numbers(properties: dict[str, Any]) -> None:
    """Refuse integers too long for an exact quantity, at any depth.  Raises: EventRejected."""
    waiting: list[Any] = [properties]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, int) and abs(value) >= int(LIMIT):
            raise EventRejected(
                "invalid_properties",
                "properties: a number has more than 20 digits; send identifiers as strings",
            )


def journal_key(scope: bytes, event_id: str) -> bytes:
    """`scope` names the organisation (`scope_of`).

    A cryptographic hash: an end user who can choose ids must not be able to make two of them collide.
    """
    return hashlib.blake2b(scope + event_id.encode(), digest_size=16).digest()


def journal_keys(scope: bytes, event_ids: Sequence[str]) -> list[bytes]:
    """`journal_key` of each, at half the cost: what is hashed of the scope is hashed once."""
    of_scope = hashlib.blake2b(scope, digest_size=16)
    keys = []
    for event_id in event_ids:
        hashed = of_scope.copy()
        hashed.update(event_id.encode())
        keys.append(hashed.digest())
    return keys


def scope_of(organisation_id: str) -> bytes:
    return organisation_id.encode() + b"\x00"


def content_digest(customer: str, event: str, timestamp: int | None, quantity: str, properties: bytes) -> bytes:
    """Of the canonical form. It only tells a resend from a conflict, neither of which is billed."""
    named = f"{customer}\x1f{event}\x1f{timestamp}\x1f{quantity}\x1f"
    return xxh3_64_digest(named.encode() + properties)
