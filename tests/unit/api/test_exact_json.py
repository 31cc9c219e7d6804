from decimal import Decimal
from typing import Any

import pytest

from justpaid.api.exact_json import MAX_DEPTH, read_json
from justpaid.kernel.errors import InvalidRequest, MalformedRequest


@pytest.mark.parametrize(
    ("body", "document"),
    [
        ('{"amount": 0.1}', {"amount": Decimal("0.1")}),
        ('{"amount": 0.10000000000000000001}', {"amount": Decimal("0.10000000000000000001")}),
        ('{"amount": 1e3}', {"amount": Decimal("1e3")}),
        ('{"seats": 5, "less": -5, "zero": -0}', {"seats": 5, "less": -5, "zero": 0}),
        ('{"big": 12345678901234567890123456789}', {"big": 12345678901234567890123456789}),
        ('[null, true, "", "é", "\\ud83d\\ude00"]', [None, True, "", "é", "😀"]),
    ],
)
def test_values_arrive_exactly(body: str, document: Any) -> None:
    assert read_json(body.encode()) == document


def test_an_integer_stays_one_and_a_fraction_never_becomes_a_float() -> None:
    whole, fraction = read_json(b"[1, 1.0]")
    assert (type(whole), type(fraction)) == (int, Decimal)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"quantity": NaN}', "quantity"),
        ('{"quantity": Infinity}', "quantity"),
        ('{"tiers": [{"up_to": 1}, {"up_to": -Infinity}]}', "tiers.1.up_to"),
        ('{"quantity": 1e400}', "quantity"),
        ('{"quantity": 1e-400}', "quantity"),
        ('{"quantity": 0e999999999}', "quantity"),
        ('{"quantity": 1e99999999999999999999999}', "quantity"),
        ('{"quantity": ' + "9" * 5000 + "}", "quantity"),
        ('{"quantity": 0.' + "1" * 5000 + "}", "quantity"),
        ("NaN", "body"),
        ('{"name": "a\\u0000b"}', "name"),
        ('{"name": "\\ud800"}', "name"),
        ('{"metadata": {"k": ["x", "\\udfff"]}}', "metadata.k.1"),
    ],
)
def test_what_can_not_be_kept_is_refused_by_name(body: str, field: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_json(body.encode())
    assert [error.field for error in refusal.value.errors] == [field]
    assert refusal.value.status == 422


def test_a_key_that_can_not_be_kept_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        read_json(b'{"\\u0000": 1}')


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1} {"b": 2}', "line 1, column 10"),
        (b'{"a": 01}', "not JSON"),
        (b'"\xff"', "not UTF-8: byte 1"),
        (b'\xef\xbb\xbf{"a": 1}', "not JSON"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "'c' is twice"),
        (b"[" * 40 + b"]" * 40, "too deeply"),
        (b"[" * 100_000, "too deeply"),
        (b'{"a":' * 100_000, "too deeply"),
    ],
)
def test_what_can_not_be_read_is_refused_as_a_whole(body: bytes, told: str) -> None:
    with pytest.raises(MalformedRequest, match=told) as refusal:
        read_json(body)
    assert refusal.value.status == 400


def test_nesting_up_to_the_limit_is_read() -> None:
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_many_faults_are_told_up_to_a_number() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_json(b"[" + b",".join([b"NaN"] * 1000) + b"]")
    assert len(refusal.value.errors) == 10
