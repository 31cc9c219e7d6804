"""What goes into a journal and what comes out of it. Entries come as columns: there are a hundred thousand a second."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Entries:
    """Row by row a `key`, 16 bytes that identify the record for ever, and a `digest`, 8 bytes of its content, which
    tell a resend from a conflict. `unit` is what all of them belong to, if to anything: it stays with their keys."""

    keys: list[bytes] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    unit: bytes = b""

    def __len__(self) -> int:
        return len(self.keys)

    def add(self, key: bytes, digest: bytes) -> None:
        self.keys.append(key)
        self.digests.append(digest)

    def extend(self, other: "Entries") -> None:
        self.keys.extend(other.keys)
        self.digests.extend(other.digests)


class Refusal(Enum):
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


class Refused(NamedTuple):
    """`sequence` is the place of the record that has the key already, `unit` what it belongs to."""

    why: Refusal
    sequence: int
    unit: bytes = b""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`accepted` are the rows that were written, in order: the first has sequence `first`, the next one more.
    `refused` says of each other row, in ascending order, why not."""

    first: int
    accepted: Sequence[int]
    refused: dict[int, Refused]


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive records as one encoded value: sequences `start` to `start + count - 1`."""

    start: int
    count: int
    payload: bytes

    @property
    def end(self) -> int:
        return self.start + self.count
