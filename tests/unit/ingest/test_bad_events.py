"""Bad input: each gets a lasting code and a message that names the field, and costs no more than itself."""

import json

import pytest

from justpaid.ingest.event import MAX_PROPERTIES_BYTES
from justpaid.kernel.errors import JustPaidError
from tests.unit.ingest.reading import LIMIT, ingest, with_fields


def nested(levels: int, kind: str = "{}") -> str:
    """`levels` objects or arrays inside one another, as the value of `properties`, which is the first of them."""
    opening, closing = ('{"a":', "}") if kind == "{}" else ("[", "]")
    return '"properties": {"a":' + opening * (levels - 1) + "1" + closing * (levels - 1) + "}"


REFUSED: list[tuple[str, str, str]] = [
    ('"quantity": 1e400', "invalid_quantity", "quantity: the number 1e400 is too large"),
    ('"quantity": -1e20', "invalid_quantity", "quantity: the number -1e20 is too large"),
    ('"quantity": 1e99999999999999999999', "invalid_quantity", "quantity: the number 1e99999999999999999999 has an"),
    ('"quantity": 1e-999999999', "invalid_quantity", "quantity: the number 1e-999999999 has more than 100 digits"),
    ('"quantity": 123456789012345678901', "invalid_quantity", "quantity: must be smaller than 10^20"),
    ('"quantity": "100000000000000000000"', "invalid_quantity", "quantity: must be smaller than 10^20"),
    (f'"quantity": {"9" * 5000}', "invalid_quantity", "quantity: "),
    ('"quantity": 1e-13', "invalid_quantity", "quantity: must have at most 12 decimal places"),
    ('"quantity": null', "invalid_quantity", "quantity: must be a number or a decimal string"),
    ('"quantity": true', "invalid_quantity", "quantity: must be a number or a decimal string"),
    ('"quantity": "NaN"', "invalid_quantity", "quantity: must be a number or a decimal string"),
    ('"quantity": "1 000"', "invalid_quantity", "quantity: must be a number or a decimal string"),
    ('"quantity": "1_000"', "invalid_quantity", "quantity: must be a number or a decimal string"),
    ('"quantity": ""', "invalid_quantity", "quantity: must be a number or a decimal string"),
    ('"quantity": [1]', "invalid_quantity", "quantity: must be a number or a decimal string"),
    ('"quantity": {"value": 1}', "invalid_quantity", "quantity: must be a number or a decimal string"),
    ('"properties": {"x": 1e400}', "invalid_properties", "properties[...]: the number 1e400 is too large"),
    (
        '"properties": {"x": [1e99999999999999999999]}',
        "invalid_properties",
        ": the number 1e99999999999999999999 has an exponent",
    ),
    (f'"properties": {{"x": 0.{"1" * 101}}}', "invalid_properties", "has more than 100 digits"),
    (
        '"properties": {"x": 123456789012345678901}',
        "invalid_properties",
        "properties: a number has more than 20 digits",
    ),
    ('"properties": {"x": [{"y": -123456789012345678901}]}', "invalid_properties", "properties: a number has more"),
    ('"properties": [1]', "invalid_properties", "properties: Expected object | null, got array"),
    ('"properties": "s"', "invalid_properties", "properties: Expected object | null, got str"),
    (nested(33), "invalid_properties", "properties: are nested deeper than 32 levels"),
    (nested(33, "[]"), "invalid_properties", "properties: are nested deeper than 32 levels"),
    (nested(900), "invalid_properties", "properties: are nested deeper than 32 levels"),
    (f'"properties": {{"x": "{"x" * MAX_PROPERTIES_BYTES}"}}', "properties_too_large", "properties: 65544 bytes"),
    ('"quantitiy": 5', "unknown_field", "quantitiy: is no field of an event"),
    ('"organisation_id": "org_b"', "unknown_field", "organisation_id: is no field of an event"),
    ('"timestamp": "yesterday"', "invalid_timestamp", "timestamp: 'yesterday' is neither RFC 3339"),
]


@pytest.mark.parametrize(("fields", "code", "message"), REFUSED, ids=[fields[:50] for fields, *_ in REFUSED])
def test_a_field_that_cannot_be_used(fields: str, code: str, message: str) -> None:
    good = with_fields('"quantity": 1')
    prepared = ingest(b"[%b,%b,%b]" % (good, with_fields(fields), good))
    assert len(prepared.entries) == 2
    (error,) = prepared.receipt.errors
    assert (error["index"], error["id"], error["code"]) == (1, "i", code)
    assert message in error["message"]


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        ("{}", "missing_field", "customer_id"),
        ('{"customer_id": "acme"}', "missing_field", "event"),
        ('{"event": "call"}', "missing_field", "customer_id"),
        ('{"customer_id": null, "event": "call"}', "invalid_customer_id", "customer_id"),
        ('{"customer_id": 5, "event": "call"}', "invalid_customer_id", "customer_id"),
        ('{"customer_id": "", "event": "call"}', "invalid_customer_id", "customer_id"),
        (f'{{"customer_id": "{"x" * 256}", "event": "call"}}', "invalid_customer_id", "customer_id"),
        (f'{{"customer_id": "{"x" * 10_000_000}", "event": "call"}}', "invalid_customer_id", "customer_id"),
        (r'{"customer_id": "a\u0000b", "event": "call"}', "invalid_customer_id", "customer_id"),
        (r'{"customer_id": "a\nb", "event": "call"}', "invalid_customer_id", "customer_id"),
        ('{"customer_id": "a\x7fb", "event": "call"}', "invalid_customer_id", "customer_id"),
        (r'{"customer_id": "acme", "event": "ca\tll"}', "invalid_event", "event"),
        ('{"customer_id": "acme", "event": ["call"]}', "invalid_event", "event"),
        ('{"customer_id": "acme", "event": "call", "id": 7}', "invalid_id", "id"),
        ('{"customer_id": "acme", "event": "call", "id": ""}', "invalid_id", "id"),
        (r'{"customer_id": "acme", "event": "call", "id": "a\u001fb"}', "invalid_id", "id"),
        ("1", "invalid_event", "event"),
        ("null", "invalid_event", "event"),
        ("[]", "invalid_event", "event"),
        ('"acme"', "invalid_event", "event"),
    ],
    ids=lambda value: value[:60],
)
@pytest.mark.parametrize("form", ["array", "wrapped", "lines"])
def test_an_event_that_lacks_what_is_required(form: str, event: str, code: str, field: str) -> None:
    good = with_fields('"quantity": 1').decode()
    body = {
        "array": f"[{good}, {event}]",
        "wrapped": f'{{"events": [{good}, {event}]}}',
        "lines": f"{good}\n{event}\n",
    }[form]
    prepared = ingest(body.encode(), ndjson=form == "lines", limit=1 << 25)
    (error,) = prepared.receipt.errors
    assert (error["index"], error["code"]) == (1, code)
    assert error["message"].startswith(f"{field}: ")
    assert prepared.columns.id == ["i"]


ACCEPTED: list[tuple[str, str, str]] = [
    ('"quantity": 12345678901234567890', "12345678901234567890", "{}"),
    ('"quantity": -12345678901234567890', "-12345678901234567890", "{}"),
    ('"quantity": "99999999999999999999.999999999999"', "99999999999999999999.999999999999", "{}"),
    ('"quantity": -0.0', "0", "{}"),
    ('"quantity": 0e999999999', "0", "{}"),
    ('"quantity": 15e-1', "1.5", "{}"),
    ('"properties": null', "1", "{}"),
    ('"properties": {"x": 12345678901234567890}', "1", '{"x":12345678901234567890}'),
    ('"properties": {"x": 1e-400}', "1", '{"x":1E-400}'),
    ('"properties": {"": 1, "a.b": 2}', "1", '{"":1,"a.b":2}'),
    (r'"properties": {"\u0000": "\n"}', "1", r'{"\u0000":"\n"}'),
    ('"properties": {"漢": "🎉"}', "1", '{"漢":"🎉"}'),
    (nested(32), "1", nested(32).removeprefix('"properties": ')),
    # Of two equal keys the last counts, as everywhere in JSON; the canonical form has it once.
    ('"quantity": 1, "quantity": 2', "2", "{}"),
    ('"properties": {"a": 1, "a": 2}', "1", '{"a":2}'),
]


@pytest.mark.parametrize(("fields", "quantity", "properties"), ACCEPTED, ids=[fields[:50] for fields, *_ in ACCEPTED])
def test_a_field_at_its_bounds(fields: str, quantity: str, properties: str) -> None:
    prepared = ingest(with_fields(fields))
    assert prepared.receipt.errors == []
    assert (prepared.columns.quantity, prepared.columns.properties) == ([quantity], [properties.encode()])


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "not valid JSON"),
        (b"   ", 400, "not valid JSON"),
        (b"{", 400, "not valid JSON"),
        (b"[", 400, "not valid JSON"),
        (b"[1,]", 400, "not valid JSON"),
        (b"{'a': 1}", 400, "not valid JSON"),
        (b'{"customer_id": 5, ', 400, "not valid JSON"),
        (b'\xff{"a": 1}', 400, "not valid JSON"),
        (with_fields('"quantity": NaN'), 400, "not valid JSON"),
        (with_fields('"quantity": Infinity'), 400, "not valid JSON"),
        (with_fields('"quantity": 01'), 400, "not valid JSON"),
        (with_fields('"properties": {"a": "\xff"}').replace(b"\xc3\xbf", b"\xff"), 400, "not UTF-8"),
        (with_fields(r'"properties": {"a": "\ud800"}'), 400, "not valid JSON"),
        (with_fields('"properties": {"a": "\n"}'), 400, "not valid JSON"),
        (with_fields('"properties": {"a": ' + "[" * 100_000 + "]" * 100_000 + "}"), 400, "not valid JSON"),
        (b"[" * 100_000, 400, "not valid JSON"),
        (with_fields('"quantity": 1') * 2, 400, "not valid JSON"),
        (b"null", 422, "must be an event"),
        (b"3", 422, "must be an event"),
        (b'"text"', 422, "must be an event"),
        (b'{"events": 3}', 422, "events: must be an array"),
        (b'{"events": null}', 422, "events: must be an array"),
        (b'{"events": [], "more": 1}', 422, "more"),
        (b"[" + b",".join([b"{}"] * 101) + b"]", 413, "101 events in one request are more than 100"),
        (b" " * (LIMIT + 1), 413, str(LIMIT)),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_body_that_cannot_be_read_is_refused_as_a_whole(body: bytes, status: int, message: str) -> None:
    with pytest.raises(JustPaidError) as raised:
        ingest(body)
    assert raised.value.status == status
    assert message in raised.value.detail


def test_a_line_that_is_no_json_costs_only_itself() -> None:
    good = [with_fields('"quantity": 1').replace(b'"i"', b'"%d"' % n) for n in range(4)]
    # A carriage return is white space inside a line and no end of one.
    good[1] = good[1].replace(b",", b",\r")
    body = b"\n".join(
        [good[0], b"{bad}", b"", good[1], b"\xff", good[2] + b"\r", with_fields('"quantity": 1e400'), good[3]]
    )
    prepared = ingest(body, ndjson=True)
    assert prepared.columns.id == ["0", "1", "2", "3"]
    assert [(error["index"], error["code"]) for error in prepared.receipt.errors] == [
        (1, "malformed_json"),
        (3, "malformed_json"),
        (5, "invalid_quantity"),
    ]


@pytest.mark.parametrize("ndjson", [False, True])
def test_a_byte_order_mark_is_no_part_of_the_first_event(ndjson: bool) -> None:
    assert ingest(b"\xef\xbb\xbf" + with_fields('"quantity": 1'), ndjson=ndjson).columns.id == ["i"]


def test_an_event_may_have_a_property_called_events() -> None:
    assert ingest(with_fields('"properties": {"events": [1]}')).columns.properties == [b'{"events":[1]}']


def test_what_the_message_quotes_is_short() -> None:
    for fields in (f'"{"x" * 100_000}": 1', f'"timestamp": "{"x" * 100_000}"', f'"quantity": 1e{"9" * 100_000}'):
        (error,) = ingest(with_fields(fields)).receipt.errors
        assert len(json.dumps(error)) < 500
