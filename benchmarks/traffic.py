"""Request bodies that cost next to nothing to make while the clock runs.

Bodies are written once, with room for the ids; each send only overwrites those. An id is a bijective mix of a counter,
so ids look random (as a client's UUIDs do) and can't repeat by chance. One event in a hundred repeats an earlier one,
content and all: the last slots of a body have the content of its first slots, and take the ids that those had when
the body was last sent.
"""

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.workload import CUSTOMERS, EVENT, MODELS, REGIONS, customer_key

_DIGITS: Final = 16
_REPEATS_PER_EVENT: Final = 0.01
_SPREAD_S: Final = 600
_RUN_BITS: Final = 40
#: The counter of stored ids starts here, where no load's comes.
STORED_FROM: Final = 1 << 62
_HEX: Final = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), np.uint8).reshape(256, 2)

Numbers = npt.NDArray[np.uint64]


def mixed(numbers: Numbers) -> Numbers:
    """A permutation of the 64-bit numbers.  Source: SplitMix64 (Steele, Lea, Flood 2014)."""
    with np.errstate(over="ignore"):
        mix = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mix = (mix ^ (mix >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mix ^ (mix >> np.uint64(31))


def hex_digits(numbers: Numbers) -> npt.NDArray[np.uint8]:
    """ASCII, 16 digits a number, one after the other."""
    return _HEX[numbers.astype(">u8").view(np.uint8)].reshape(-1)


def stored_ids(numbers: Numbers) -> list[str]:
    """Ids of the events stored beforehand, by their number."""
    digits = hex_digits(mixed(numbers + np.uint64(STORED_FROM))).tobytes().decode()
    return [digits[at : at + _DIGITS] for at in range(0, len(digits), _DIGITS)]


@dataclass(slots=True)
class Totals:
    """What the meters must say: of fresh events only."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    slowest_ms: int = 0
    cached_calls: int = 0

    def add(self, other: "Totals") -> None:
        self.calls += other.calls
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.slowest_ms = max(self.slowest_ms, other.slowest_ms)
        self.cached_calls += other.cached_calls


@dataclass(slots=True)
class Template:
    """One body. `places`: the offsets of all digits of all ids. `totals`: of one sending."""

    body: npt.NDArray[np.uint8]
    places: npt.NDArray[np.int64]
    totals: Totals
    sent: int = 0
    last_ids: Numbers | None = None


@dataclass(slots=True)
class Request:
    body: bytes
    fresh: int
    repeated: int


@dataclass(slots=True)
class Traffic:
    """`run` keeps the ids of several runs over the same data apart; the same `run` sends the same ids again."""

    batch: int
    run: int
    templates: list[Template] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    _requests: int = 0
    _next_id: int = 0

    @classmethod
    def prepared(cls, *, batch: int, run: int, seed: int = 1) -> "Traffic":
        """The same `seed` gives the same events; their times are in the last ten minutes."""
        chance = random.Random(seed)
        count = 32 if batch > 1 else 1024
        until = time.time()
        return cls(batch, run, [_template(chance, batch, until) for _ in range(count)], _next_id=run << _RUN_BITS)

    def next(self) -> Request:
        template = self.templates[self._requests % len(self.templates)]
        self._requests += 1
        if self.batch == 1:
            return self._single(template)
        repeats = _repeats(self.batch)
        ids = self._take(self.batch)
        source = ids if template.last_ids is None else template.last_ids
        ids[self.batch - repeats :] = source[:repeats]
        template.last_ids = ids
        self.totals.add(template.totals)
        return Request(_filled(template, ids), self.batch - repeats, repeats)

    def _single(self, template: Template) -> Request:
        """Every hundredth request repeats one that was sent long ago."""
        if template.last_ids is not None and self._requests % round(1 / _REPEATS_PER_EVENT) == 0:
            return Request(_filled(template, template.last_ids), 0, 1)
        template.last_ids = self._take(1)
        self.totals.add(template.totals)
        return Request(_filled(template, template.last_ids), 1, 0)

    def _take(self, count: int) -> Numbers:
        start = self._next_id
        self._next_id += count
        return mixed(np.arange(start, start + count, dtype=np.uint64))


def _repeats(batch: int) -> int:
    return round(batch * _REPEATS_PER_EVENT)


def _filled(template: Template, ids: Numbers) -> bytes:
    template.body[template.places] = hex_digits(ids)
    return template.body.tobytes()


def _template(chance: random.Random, batch: int, until: float) -> Template:
    repeats = _repeats(batch) if batch > 1 else 0
    totals = Totals()
    rows = [_row(chance, totals, until) for _ in range(batch - repeats)]
    rows += rows[:repeats]
    body = bytearray(b"[" if batch > 1 else b"")
    starts = []
    for before, after in rows:
        starts.append(len(body) + len(before))
        body += before + b"0" * _DIGITS + after + b","
    body[-1:] = b"]" if batch > 1 else b""
    places = (np.array(starts, np.int64)[:, None] + np.arange(_DIGITS)).reshape(-1)
    return Template(np.frombuffer(body, np.uint8).copy(), places, totals)


def _row(chance: random.Random, totals: Totals, until: float) -> tuple[bytes, bytes]:
    """An event's JSON before and after the digits of its id."""
    rank = int(CUSTOMERS ** chance.random())
    at = datetime.fromtimestamp(until - chance.random() * _SPREAD_S, UTC)
    row = Totals(1, int(4000 ** chance.random()), int(2000 ** chance.random()), chance.randint(90, 9000))
    cached = chance.random() < 0.2
    row.cached_calls = int(cached)
    totals.add(row)
    after = (
        f'","customer_id":"{customer_key(rank)}","event":"{EVENT}","timestamp":"{at:%Y-%m-%dT%H:%M:%S}.'
        f'{at.microsecond // 1000:03d}Z","properties":{{"model":"{chance.choice(MODELS)}",'
        f'"region":"{chance.choice(REGIONS)}","input":{row.input_tokens},"output":{row.output_tokens},'
        f'"ms":{row.slowest_ms},"cached":{"true" if cached else "false"}}}}}'
    )
    return b'{"id":"', after.encode()
