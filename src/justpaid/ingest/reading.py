"""From a request body to its events: decompress, find the shape (one, array, wrapped, NDJSON), decode.

The fast path decodes a whole body in one call. Only when that fails is each event decoded on its own, so that one
bad event costs its own receipt and not the batch.
"""

import re
import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec
import zstandard

from justpaid.ingest.event import EventIn, EventRejected, exact_number
from justpaid.kernel.errors import InvalidRequest, MalformedRequest, TooLarge, UnsupportedMedia

_MISSING: Final = re.compile(r"missing required field `(\w+)`")
_UNKNOWN: Final = re.compile(r"unknown field `([^`]*)`")
_PATH: Final = re.compile(r"`\$\.?([\w.\[\]]*)`$")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_PIECE: Final = 1024

_zstd = zstandard.ZstdDecompressor(max_window_size=1 << 27)


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class _Wrapped(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    events: list[EventIn]


class _WrappedRaw(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


class _WithId(msgspec.Struct, gc=False):
    id: Any = None


_event = msgspec.json.Decoder(EventIn, float_hook=exact_number)
_events = msgspec.json.Decoder(list[EventIn], float_hook=exact_number)
_raws = msgspec.json.Decoder(list[msgspec.Raw])
_wrapped = msgspec.json.Decoder(_Wrapped, float_hook=exact_number)
_wrapped_raw = msgspec.json.Decoder(_WrappedRaw)
_top_level = msgspec.json.Decoder(dict[str, msgspec.Raw])
_any = msgspec.json.Decoder(float_hook=exact_number)
_id = msgspec.json.Decoder(_WithId, float_hook=str)


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """The decoded body.  Raises: UnsupportedMedia, MalformedRequest, TooLarge (beyond `limit` bytes, decompressed)."""
    match encoding.strip().lower():
        case "" | "identity":
            plain = body
        case "gzip" | "x-gzip":
            plain = _expand(body, limit, "gzip", lambda: zlib.decompressobj(wbits=31))
        case "zstd":
            plain = _expand(body, limit, "zstd", _zstd.decompressobj)
        case other:
            raise UnsupportedMedia(f"Content-Encoding {other!r} is not read; use gzip, zstd or none.")
    if len(plain) > limit:
        raise TooLarge(f"The body is over {limit} bytes once decompressed; send smaller batches.")
    return plain


def _expand(body: bytes, limit: int, name: str, new_part: Callable[[], _Decompressor]) -> bytes:
    """All parts of the body (both formats can be joined end to end), or a little more than `limit` bytes of it.

    It is fed in small pieces, because a piece can grow a hundred thousandfold before it can be stopped.
    """
    plain = bytearray()
    part = new_part()
    try:
        for start in range(0, len(body), _PIECE):
            rest = body[start : start + _PIECE]
            while rest and len(plain) <= limit:
                if part.eof:
                    part = new_part()
                plain += part.decompress(rest)
                rest = part.unused_data
    except (zlib.error, zstandard.ZstdError) as error:
        raise MalformedRequest(f"The body is no {name} data: {error}.") from None
    if not part.eof and len(plain) <= limit:
        raise MalformedRequest(f"The {name} data ends in the middle.")
    return bytes(plain)


def read_events(body: bytes, *, ndjson: bool, max_events: int) -> list[EventIn | EventRejected]:
    """The events of a body, in order, each decoded or with the reason why not.

    Raises: MalformedRequest if the body is not JSON of a known shape; TooLarge over `max_events`.
    """
    body = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        events = _read_lines(body) if ndjson else _read_document(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedRequest(f"The body is not valid JSON: {error}. Send one event, an array, or NDJSON.") from None
    except UnicodeDecodeError:
        raise MalformedRequest("The body is not UTF-8.") from None
    if len(events) > max_events:
        raise TooLarge(f"{len(events)} events in one request are more than {max_events}; send smaller batches.")
    return events


def _read_lines(body: bytes) -> list[EventIn | EventRejected]:
    try:
        return list(_event.decode_lines(body))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return [_decode_line(line) for line in body.split(b"\n") if line.strip()]


def _decode_line(line: bytes) -> EventIn | EventRejected:
    """Lines are independent: one that is no JSON is refused alone."""
    try:
        return _decode_one(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return EventRejected("malformed_json", f"the line is not valid JSON: {error}")


def _read_document(body: bytes) -> list[EventIn | EventRejected]:
    start = body.lstrip()[:1]
    if start == b"[":
        try:
            return list(_events.decode(body))
        except (msgspec.ValidationError, ValueError):
            return [_decode_one(raw) for raw in _raws.decode(body)]
    if start != b"{":
        _any.decode(body)
        raise InvalidRequest.of("body", 'must be an event, an array of events, {"events": [...]} or NDJSON')
    if b'"events"' in body:
        try:
            return list(_wrapped.decode(body).events)
        except (msgspec.ValidationError, ValueError):
            if "events" in _top_level.decode(body):
                return _read_wrapped(body)
    return [_decode_one(body)]


def _read_wrapped(body: bytes) -> list[EventIn | EventRejected]:
    try:
        raws = _wrapped_raw.decode(body).events
    except msgspec.ValidationError as error:
        raise InvalidRequest.of("events", f"must be an array of events and stand alone: {error}") from None
    return _read_document(b"[" + b",".join(map(bytes, raws)) + b"]")


def _decode_one(raw: bytes | msgspec.Raw) -> EventIn | EventRejected:
    """Raises: msgspec.DecodeError where it is no JSON at all."""
    try:
        return _event.decode(raw)
    except msgspec.ValidationError as error:
        return _rejection(str(error), _id_in(raw))


def _id_in(raw: bytes | msgspec.Raw) -> str | None:
    """The id that a refused event came with, so that its sender can find it again."""
    try:
        given = _id.decode(raw).id
    except msgspec.ValidationError:
        return None
    return given[:255] if isinstance(given, str) else None


def _rejection(message: str, event_id: str | None) -> EventRejected:
    if missing := _MISSING.search(message):
        field = missing.group(1)
        return EventRejected("missing_field", f"{field}: is required and missing", event_id)
    if unknown := _UNKNOWN.search(message):
        return EventRejected(
            "unknown_field",
            f"{unknown.group(1)[:80]}: is no field of an event (id, customer_id, event, timestamp, quantity, "
            "properties); put your own data into properties",
            event_id,
        )
    path = _PATH.search(message)
    field = (path.group(1) if path else "") or "event"
    reason = message.split(" - at ")[0].replace("`", "")
    return EventRejected(f"invalid_{field.split('.')[0].split('[')[0]}", f"{field}: {reason}", event_id)
