"""What differs between two JSON values, leaf by leaf, so that a person can read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """`path` is dotted (`prices.calls.unit_amount`); None stands for what is not there."""

    path: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """In the order of `after`, then what is gone. A field of null and one that is missing are the same."""
    old, new = dict(_leaves(before, "")), dict(_leaves(after, ""))
    return [
        Difference(path, old.get(path), new.get(path))
        for path in {**new, **old}
        if old.get(path) != new.get(path) and not _told_by_parts(path, old, new) and not _told_by_parts(path, new, old)
    ]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Scalars, and what is empty: `{}` for a currency says that it is offered."""
    match value:
        case Mapping() if value:
            for key, member in value.items():
                yield from _leaves(member, f"{path}.{key}" if path else str(key))
        case list() if value:
            for index, member in enumerate(value):
                yield from _leaves(member, f"{path}.{index}")
        case _ if path:
            yield path, value


def _told_by_parts(path: str, side: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether `path`, empty on this side, is told part by part by the other."""
    return not side.get(path) and any(each.startswith(f"{path}.") for each in other)
