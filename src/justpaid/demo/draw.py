"""Chance that repeats: numbers drawn from a label, the same on every machine and in every run."""

from bisect import bisect_right
from collections.abc import Iterable
from hashlib import blake2b
from itertools import accumulate

BITS = 32


def draws(label: str) -> tuple[int, int, int, int]:
    """Four independent numbers, each even over 0 to 2^32 - 1."""
    digest = blake2b(label.encode(), digest_size=16).digest()
    a, b, c, d = (int.from_bytes(digest[i : i + 4], "big") for i in (0, 4, 8, 12))
    return a, b, c, d


class Wheel:
    """Positions 0 to n - 1, each drawn as often as its weight says. Whole numbers only, so nothing rounds."""

    def __init__(self, weights: Iterable[int]) -> None:
        self._bounds = list(accumulate(weights))
        if not self._bounds or self._bounds[-1] <= 0:
            raise ValueError("a wheel needs a weight above 0")

    def position(self, draw: int) -> int:
        return bisect_right(self._bounds, draw * self._bounds[-1] >> BITS)
