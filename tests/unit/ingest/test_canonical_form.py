"""What de-duplication compares: the same whatever its spelling, another whatever value changes."""

import copy
import json
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.ingest.reading import ingest

Spelt = tuple[Decimal, tuple[str, ...]]

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
numbers = st.decimals(-(10**15), 10**15, places=6) | st.integers(-(10**19), 10**19).map(Decimal)
leaves = st.none() | st.booleans() | texts | numbers
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
events = st.fixed_dictionaries(
    {
        "id": names,
        "customer_id": names,
        "event": names,
        "quantity": numbers,
        "timestamp": st.integers(1_000_000_000, 1_770_000_000).map(Decimal),
        "properties": st.dictionaries(texts, values, min_size=1, max_size=4),
    }
)


Entry = tuple[bytes, bytes]


def entry_of(body: str) -> Entry:
    """Key and digest."""
    prepared = ingest(body.encode())
    assert prepared.receipt.errors == [], body
    (key,), (digest,) = prepared.entries.keys, prepared.entries.digests
    return key, digest


class Writer:
    """Writes JSON in one of its many spellings, as `draw` decides."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def write(self, value: Any) -> str:
        match value:
            case dict():
                pairs = self._draw(st.permutations(list(value.items())))
                return (
                    "{" + ",".join(f"{self.gap()}{self.write(k)}{self.gap()}:{self.write(v)}" for k, v in pairs) + "}"
                )
            case list():
                return "[" + ",".join(f"{self.gap()}{self.write(item)}" for item in value) + f"{self.gap()}]"
            case Decimal():
                return self.number(value)
            case str():
                return json.dumps(value, ensure_ascii=self._draw(st.booleans()))
            case _:
                return json.dumps(value)

    def gap(self) -> str:
        return str(self._draw(st.sampled_from(["", " ", "\n", "\t  "])))

    def number(self, value: Decimal) -> str:
        plain = format(value, "f")
        spellings = [plain]
        if "." in plain:
            spellings += [plain + "00", plain.rstrip("0").rstrip(".") or "0"]
        shifted = format(value.scaleb(3), "f")
        spellings += [shifted + "e-3", shifted + "E-03"]
        return str(self._draw(st.sampled_from(spellings)))


@given(events, st.data())
def test_spelling_makes_no_difference(event: dict[str, Any], data: st.DataObject) -> None:
    first, second = (entry_of(Writer(data.draw).write(event)) for _ in range(2))
    assert first == second


@given(events)
def test_a_quantity_may_be_a_string_and_a_timestamp_may_have_any_offset(event: dict[str, Any]) -> None:
    as_text = event | {"quantity": format(event["quantity"], "f"), "timestamp": event["timestamp"] * 1000}
    assert entry_of(dumped(event)) == entry_of(dumped(as_text))


def dumped(event: Any) -> str:
    class Plain(Writer):
        def __init__(self) -> None: ...
        def gap(self) -> str:
            return ""

        def number(self, value: Decimal) -> str:
            return format(value, "f")

        def write(self, value: Any) -> str:
            if isinstance(value, dict):
                return "{" + ",".join(f"{json.dumps(k)}:{self.write(v)}" for k, v in value.items()) + "}"
            if isinstance(value, str):
                return json.dumps(value)
            return super().write(value)

    return Plain().write(event)


@given(events, st.data())
def test_every_change_of_a_value_makes_a_difference(event: dict[str, Any], data: st.DataObject) -> None:
    changed = copy.deepcopy(event)
    field = data.draw(st.sampled_from(sorted(changed)))
    found = list(places(changed["properties"])) if field == "properties" else [(changed, field)]
    assume(found)  # properties may hold nothing but empty lists
    holder, key = data.draw(st.sampled_from(found))
    holder[key] = other_than(holder[key])
    before, after = entry_of(dumped(event)), entry_of(dumped(changed))
    if (holder, key) == (changed, "id"):
        assert before[0] != after[0]
    else:
        assert before[0] == after[0]
        assert before[1] != after[1]


def places(value: Any) -> Any:
    """Every (container, key) below properties whose value can be changed into another."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, (dict, list)):
            yield from places(item)
        else:
            yield value, key


def other_than(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case Decimal():
            return value - 1
        case str():
            return value + "x"
        case _:
            return "was null"


@given(events)
def test_an_absent_property_differs_from_one_that_is_null(event: dict[str, Any]) -> None:
    with_null = event | {"properties": event["properties"] | {"a new one": None}}
    assert entry_of(dumped(event))[1] != entry_of(dumped(with_null))[1]


@given(events)
def test_a_timestamp_given_by_the_server_is_no_part_of_it(event: dict[str, Any]) -> None:
    with_null = event | {"timestamp": None}
    del event["timestamp"]
    assert entry_of(dumped(event)) == entry_of(dumped(with_null))


@given(st.lists(names, min_size=2, max_size=2, unique=True))
def test_what_belongs_to_one_field_cannot_pass_for_anothers(pair: list[str]) -> None:
    left, right = pair
    event = {"id": "i", "quantity": Decimal(1)}
    one = entry_of(dumped(event | {"customer_id": left, "event": right}))
    other = entry_of(dumped(event | {"customer_id": right, "event": left}))
    assert one[1] != other[1]
