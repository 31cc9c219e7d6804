"""Two values compared leaf by leaf."""

from typing import Any

import pytest

from justpaid.catalog.differences import Difference, differences


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": None}, {}, []),
        ({}, {"a": None}, []),
        ({"a": "1"}, {"a": "2"}, [("a", "1", "2")]),
        ({"a": False}, {"a": True}, [("a", False, True)]),
        ({}, {"a": {"b": 1}}, [("a.b", None, 1)]),
        ({"a": {}}, {"a": {"b": {"c": 1}}}, [("a.b.c", None, 1)]),
        ({"a": [1, 2]}, {"a": []}, [("a.0", 1, None), ("a.1", 2, None)]),
        ({"a": None}, {"a": {"b": 1}}, [("a.b", None, 1)]),
        ({}, {"a": {"EUR": {}}}, [("a.EUR", None, {})]),
        ({"t": [{"u": 1}, {"u": 2}]}, {"t": [{"u": 1}, {"u": 3}]}, [("t.1.u", 2, 3)]),
        ({"a": 1, "b": 2}, {"c": 3, "b": 4}, [("c", None, 3), ("b", 2, 4), ("a", 1, None)]),
    ],
    ids=str,
)
def test_differences(before: dict[str, Any], after: dict[str, Any], told: list[tuple[str, Any, Any]]) -> None:
    assert differences(before, after) == [Difference(*each) for each in told]
