from typing import Any

import pytest

from justpaid.customers.rules import check
from justpaid.kernel.errors import InvalidRequest


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"external_id": "acme"}, []),
        ({"external_id": "kunde/47 – Süd"}, []),
        ({"external_id": None}, []),
        ({"external_id": ""}, ["external_id"]),
        ({"external_id": " acme"}, ["external_id"]),
        ({"external_id": "ac\nme"}, ["external_id"]),
        ({"external_id": "ac\u200bme"}, ["external_id"]),
        ({"external_id": "x" * 256}, ["external_id"]),
        ({"name": None}, ["name"]),
        ({"name": "  "}, ["name"]),
        ({"name": "x" * 255}, []),
        ({"email": "a@b.example"}, []),
        ({"email": None}, []),
        ({"email": "a@b"}, ["email"]),
        ({"email": "a b@c.example"}, ["email"]),
        ({"email": "a@b..example"}, ["email"]),
        ({"email": "x" * 250 + "@b.example"}, ["email"]),
        ({"currency": "JPY"}, []),
        ({"currency": "usd"}, ["currency"]),
        ({"currency": "ABC"}, ["currency"]),
        ({"timezone": "Europe/Berlin"}, []),
        ({"timezone": "Mars/Olympus"}, ["timezone"]),
        ({"timezone": "../etc/passwd"}, ["timezone"]),
        ({"aliases": ["a", "b"]}, []),
        ({"aliases": ["a", "", " b"]}, ["aliases.1", "aliases.2"]),
        ({"aliases": [str(n) for n in range(51)]}, ["aliases"]),
        ({"address": {"line1": "1 Main St", "country": "US"}}, []),
        ({"address": {"street": "1 Main St", "country": "usa"}}, ["address.street", "address.country"]),
        ({"metadata": {str(n): "x" for n in range(50)}}, []),
        ({"metadata": {str(n): "x" for n in range(51)}}, ["metadata"]),
        ({"metadata": {"k": "x" * 501}}, ["metadata.k"]),
        ({"metadata": {"k" * 65: "x"}}, ["metadata"]),
        ({"email": "x", "currency": "x", "timezone": "x"}, ["email", "currency", "timezone"]),
    ],
)
def test_all_that_is_wrong_is_told_by_field(fields: dict[str, Any], wrong: list[str]) -> None:
    assert told(fields) == wrong


def told(fields: dict[str, Any]) -> list[str]:
    try:
        check(fields)
    except InvalidRequest as refusal:
        return [error.field for error in refusal.errors]
    return []
