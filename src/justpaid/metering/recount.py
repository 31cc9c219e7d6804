"""The standing check that `usage` equals a recount of `events`, and that `events` has every sequence exactly once.

It goes through customers in slices, and metering stands still for one slice at a time.

Where all that is kept for a meter adds up, both sides are added up without being put together by key: each row's sums
are weighed by a hash of its key. The results, a few numbers for a rollup, agree by chance once in 2^64. That takes a
tenth of the time, and no memory. Only where they don't agree, and for meters with an extreme, a last value or distinct
ones, rows are put beside each other.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from justpaid.metering.effects import Effects
from justpaid.metering.expired import Expired
from justpaid.metering.expressions import adds_up, kept_columns, merged_rows
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.rollups import Rollup, Rollups, added_select, rollup_select
from justpaid.metering.schema import EVERYONE
from justpaid.platform.warehouse import Warehouse, quote, quote_second

#: A statement costs tens of milliseconds, however little it counts.
_AT_ONCE: Final = 20
#: Rows that are put beside each other at a time: some 0.6 GB, if each event makes one.
_ROWS_BESIDE: Final = 1_000_000
#: Rows of `usage` that are added up for everyone at a time: some five seconds.
_ROWS_ADDED_UP: Final = 50_000_000

Asked = Sequence[tuple[MeterDefinition, Rollup]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong, in words; `count` rows of it."""

    subject: str
    count: int


class Recount:
    """`still` holds metering still and yields the sequence below which all events are rolled up
    (`Metering.snapshot`)."""

    def __init__(
        self,
        warehouse: Warehouse,
        rollups: Rollups,
        expired: Expired,
        effects: Effects,
        still: Callable[[], AbstractContextManager[int]],
    ) -> None:
        self._warehouse = warehouse
        self._rollups = rollups
        self._expired = expired
        self._effects = effects
        self._still = still

    def differences(self, meters: Iterable[MeterDefinition]) -> Iterator[Difference]:
        """Every difference found; none when all is well.

        Rollups that are not complete yet answer no question and are left out; so are buckets whose events have
        expired. Raises: Overloaded if metering is far behind; EngineUnavailable.
        """
        yield from self._in_events()
        complete = [(meter, rollup) for meter in meters if (rollup := self._rollups.of(meter)) and rollup.complete]
        complete.sort(key=lambda one: one[0].organisation_id)
        for asked in _parted(complete, lambda _: 1, _AT_ONCE):
            unlike: Counter[str] = Counter()
            for customers in self._slices(asked):
                unlike.update(self._by_customer(asked, customers))
            yield from _told(asked, unlike, "buckets that differ from a recount")
        sizes = self._sizes()
        for asked in _parted(complete, lambda rollup: sizes[rollup.id], _ROWS_ADDED_UP):
            yield from _told(asked, self._everyones(asked), "quarter hours of everyone that differ from the customers'")

    def _in_events(self) -> Iterator[Difference]:
        # Every record of the journal is one row of one of them.
        tables = (f"events WHERE {self._expired.still_there()}", "voids", "backfills")
        records = " UNION ALL ".join(f"SELECT seq FROM {table}" for table in tables)
        with self._still() as position:
            kept = position - self._expired.removed()
            # A bitmap: of 100 million sequences 13 MB, where a set of them takes gigabytes.
            counted = f"SELECT count() AS n, groupBitmap(seq) AS distinct FROM ({records})"
            (row,) = self._warehouse.query(counted).to_pylist()
        if (row["n"], row["distinct"]) != (kept, kept):
            yield Difference(
                f"events: {row['n']} rows with {row['distinct']} sequences for {position} accepted, "
                f"{position - kept} of them expired",
                1,
            )

    def _sizes(self) -> dict[str, int]:
        """How many rows of `usage` a rollup has."""
        found = self._warehouse.query("SELECT rollup AS id, count() AS n FROM usage GROUP BY id").to_pylist()
        return defaultdict(int, {row["id"]: row["n"] for row in found})

    def _slices(self, asked: Asked) -> list[str]:
        """Conditions on `customer` that part the customers into ranges with so many events that what is put beside each
        other stays within memory: both sides are ordered by customer."""
        events = _ROWS_BESIDE // max(1, sum(not adds_up(meter) for meter, _ in asked))
        sql = f"""SELECT max(customer) AS last FROM (
                SELECT customer, intDiv(sum(n) OVER (ORDER BY customer), {events}) AS slice FROM (
                    SELECT customer, count() AS n FROM events WHERE organisation IN ({_organisations(asked)})
                    GROUP BY customer))
            GROUP BY slice ORDER BY slice"""
        lasts = [row["last"] for row in self._warehouse.query(sql).to_pylist()][:-1]
        after = [f"customer > {quote(last)}" for last in ("", *lasts)]
        until = [f" AND customer <= {quote(last)}" for last in lasts]
        return [first + last for first, last in zip(after, [*until, ""], strict=True)]

    def _by_customer(self, asked: Asked, customers: str) -> dict[str, int]:
        """By rollup, in how many buckets these customers' rows differ."""
        adding = [(meter, rollup) for meter, rollup in asked if adds_up(meter)]
        others = [(meter, rollup) for meter, rollup in asked if not adds_up(meter)]
        unlike: dict[str, int] = {}
        with self._still() as position:
            unequal = self._unequal(adding, position, customers)
            for some in [others, *([one] for one in adding if one[1].id in unequal)]:
                counted = rollup_select(some, self._effects, position, customers)
                unlike |= self._unlike(some, _stored(some, customers), counted, self._there(some))
        return unlike

    def _unequal(self, asked: Asked, position: int, customers: str) -> set[str]:
        """The rollups whose sums differ."""
        if not asked:
            return set()
        names = kept_columns(meter for meter, _ in asked)
        sums = ", ".join(f"sum({name} * place) AS {name}" for name in names)
        stored = f"SELECT {_KEY}, {', '.join(names)} FROM usage WHERE {_rows_of(asked)} AND {customers}"
        added = added_select(asked, self._effects, position, customers)
        sql = " UNION ALL ".join(
            f"""SELECT rollup AS id, {sums}
            FROM (SELECT *, {_PLACE} AS place FROM ({rows}) WHERE {self._there(asked)}) GROUP BY id"""
            for rows in (stored, added)
        )
        found = defaultdict(list)
        for row in self._warehouse.query(sql).to_pylist():
            found[row.pop("id")].append(row)
        return {key for key, sides in found.items() if len(sides) != 2 or sides[0] != sides[1]}

    def _everyones(self, asked: Asked) -> dict[str, int]:
        """By rollup, how many of everyone's quarter hours are not what the customers' rows add up to."""
        everyones = _stored(asked, f"customer = {EVERYONE}")
        added_up = f"""SELECT {_KEY}, {_merged(asked)} FROM (
                SELECT * REPLACE ({EVERYONE} AS customer, toStartOfFifteenMinutes(bucket) AS bucket)
                FROM (SELECT * FROM usage WHERE {_rows_of(asked)} AND customer != {EVERYONE}))
            GROUP BY {_KEY}"""
        with self._still():
            return self._unlike(asked, everyones, added_up, "1")

    def _unlike(self, asked: Asked, one: str, other: str, there: str) -> dict[str, int]:
        """By rollup, how many rows under the condition `there` only one of two selects has, or has otherwise."""
        if not asked:
            return {}
        names = kept_columns(meter for meter, _ in asked)
        values = ", ".join("arraySort(distinct)" if name == "distinct" else name for name in names)
        sides = " UNION ALL ".join(
            f"SELECT rollup AS id, {_PLACE} AS place, cityHash64(tuple({values})) AS value FROM ({side}) WHERE {there}"
            for side in (one, other)
        )
        sql = f"""SELECT id, count() AS n FROM (
                SELECT id, place FROM ({sides}) GROUP BY id, place HAVING count() != 2 OR min(value) != max(value))
            GROUP BY id"""
        found = {row["id"]: row["n"] for row in self._warehouse.query(sql).to_pylist()}
        # A meter that was changed meanwhile has another rollup, and the rows of the old one go.
        return {
            rollup.id: found[rollup.id]
            for _, rollup in asked
            if rollup.id in found and self._rollups.is_current(rollup)
        }

    def _there(self, asked: Asked) -> str:
        """A condition on rows: their events have not expired."""
        gone = [
            f"rollup = {quote(rollup.id)} AND bucket < {quote_second(until)}"
            for meter, rollup in asked
            if (until := self._expired.until(meter.organisation_id, meter.event))
        ]
        return f"NOT ({' OR '.join(gone)})" if gone else "1"


_KEY: Final = "customer, rollup, bucket, dimensions, backfill, layer"  # GROUP BY rollup would begin a ROLLUP
#: A row's key within its rollup, as a number.
_PLACE: Final = "cityHash64(customer, bucket, cityHash64(dimensions), cityHash64(backfill), layer)"


def _parted(asked: Asked, size: Callable[[Rollup], int], most: int) -> Iterator[Asked]:
    """In their order, together as many as have no more than that size; at least one, and never more than a statement
    takes."""
    part: list[tuple[MeterDefinition, Rollup]] = []
    left = most
    for meter, rollup in asked:
        if part and (left < size(rollup) or len(part) == _AT_ONCE):
            yield part
            part, left = [], most
        part.append((meter, rollup))
        left -= size(rollup)
    if part:
        yield part


def _told(asked: Asked, unlike: Mapping[str, int], what: str) -> Iterator[Difference]:
    for meter, rollup in asked:
        if count := unlike.get(rollup.id, 0):
            yield Difference(f"meter {meter.key}: {what}", count)


def _organisations(asked: Asked) -> str:
    return ", ".join(map(quote, sorted({meter.organisation_id for meter, _ in asked})))


def _rows_of(asked: Asked) -> str:
    """A condition on rows of `usage`."""
    ids = ", ".join(quote(rollup.id) for _, rollup in asked)
    return f"organisation IN ({_organisations(asked)}) AND rollup IN ({ids})"


def _stored(asked: Asked, customers: str) -> str:
    return f"SELECT {_KEY}, {_merged(asked)} FROM usage WHERE {_rows_of(asked)} AND {customers} GROUP BY {_KEY}"


def _merged(asked: Asked) -> str:
    return merged_rows(meter for meter, _ in asked)
