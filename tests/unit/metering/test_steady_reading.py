"""A question is answered between two corrections, never in the middle of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from justpaid.kernel.errors import EngineUnavailable
from justpaid.metering.voids import Voids


class Reading:
    """Reads while corrections are taken up: `corrections` of them, one in the middle of each of the first reads."""

    def __init__(self, corrections: int) -> None:
        self.voids = Voids(cast(Any, None), patience_s=0.01)
        self.corrections = corrections
        self.position = 0
        self.read_at: list[int] = []
        self.held = 0

    def read(self, position: int) -> int:
        self.read_at.append(position)
        if self.corrections and not self.held:
            self.corrections -= 1
            self.voids.begin()
            self.position += 1
            self.voids.settle()
        return position

    @contextmanager
    def hold(self) -> Iterator[int]:
        self.held += 1
        yield self.position

    def answer(self) -> int:
        return self.voids.read_steadily(self.read, lambda: self.position, self.hold)


@pytest.mark.parametrize(
    ("corrections", "answered_as_of", "reads", "held"), [(0, 0, 1, 0), (1, 1, 2, 0), (2, 2, 3, 0), (9, 3, 4, 1)]
)
def test_a_read_is_repeated_until_no_correction_came_in_between(
    corrections: int, answered_as_of: int, reads: int, held: int
) -> None:
    reading = Reading(corrections)
    assert reading.answer() == answered_as_of
    assert (len(reading.read_at), reading.held) == (reads, held)


def test_while_a_correction_waits_for_repair_nothing_is_answered() -> None:
    reading = Reading(0)
    reading.voids.begin()
    reading.voids.begin()  # a second attempt at it
    with pytest.raises(EngineUnavailable, match="repairing"):
        reading.answer()
    assert reading.read_at == []
    reading.voids.settle()
    reading.voids.settle()
    assert reading.answer() == 0
