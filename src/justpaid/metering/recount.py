"""The standing check that `usage` equals a recount of `events`, and that `events` has every sequence exactly once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from justpaid.metering.effects import Effects
from justpaid.metering.expired import Expired
from justpaid.metering.expressions import MERGED_COLUMNS
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.rollups import Rollup, Rollups, rollup_select
from justpaid.metering.schema import EVERYONE
from justpaid.platform.warehouse import Warehouse, quote, quote_second

#: A statement costs tens of milliseconds, however little it counts.
_AT_ONCE: Final = 50
_SLICE_EVENTS: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong, in words; `count` rows of it."""

    subject: str
    count: int


def recount(
    warehouse: Warehouse,
    rollups: Rollups,
    expired: Expired,
    effects: Effects,
    meters: list[MeterDefinition],
    position: int,
) -> list[Difference]:
    """Every difference found; empty when all is well. Metering must stand still (`Metering.snapshot`).

    Rollups that are not complete yet answer no question and are left out; so are buckets whose events have expired.
    """
    differences = []
    # Every record of the journal is one row of one of them.
    tables = (f"events WHERE {expired.still_there()}", "voids", "backfills")
    records = " UNION ALL ".join(f"SELECT seq FROM {table}" for table in tables)
    kept = position - expired.removed()
    # A bitmap: of 100 million sequences 13 MB, where a set of them takes gigabytes.
    row = warehouse.query(f"SELECT count() AS n, groupBitmap(seq) AS distinct FROM ({records})").to_pylist()[0]
    if (row["n"], row["distinct"]) != (kept, kept):
        differences.append(
            Difference(
                f"events: {row['n']} rows with {row['distinct']} sequences for {position} accepted, "
                f"{position - kept} of them expired",
                1,
            )
        )
    complete = [(meter, rollup) for meter in meters if (rollup := rollups.of(meter)) and rollup.complete]
    slices = _slices(warehouse, [meter for meter, _ in complete])
    for start in range(0, len(complete), _AT_ONCE):
        differences += _in_rollups(warehouse, complete[start : start + _AT_ONCE], slices, expired, effects, position)
    return differences


def _organisations(meters: Iterable[MeterDefinition]) -> str:
    return ", ".join(map(quote, sorted({meter.organisation_id for meter in meters}))) or "''"


def _slices(warehouse: Warehouse, meters: Iterable[MeterDefinition]) -> list[str]:
    """Conditions on `customer` that part the customers of all organisations with these meters into ranges with some two
    million events each: both sides are ordered by customer, and what is counted at a time stays within memory."""
    organisations = _organisations(meters)
    sql = f"""SELECT max(customer) AS last FROM (
            SELECT customer, intDiv(sum(n) OVER (ORDER BY customer), {_SLICE_EVENTS}) AS slice FROM (
                SELECT customer, count() AS n FROM events WHERE organisation IN ({organisations}) GROUP BY customer))
        GROUP BY slice ORDER BY slice"""
    lasts = [row["last"] for row in warehouse.query(sql).to_pylist()][:-1]
    after = [f"customer > {quote(last)}" for last in ("", *lasts)]
    until = [f" AND customer <= {quote(last)}" for last in lasts]
    return [first + last for first, last in zip(after, [*until, ""], strict=True)]


def _in_rollups(
    warehouse: Warehouse,
    asked: Sequence[tuple[MeterDefinition, Rollup]],
    slices: Sequence[str],
    expired: Expired,
    effects: Effects,
    position: int,
) -> Iterator[Difference]:
    ids = ", ".join(quote(rollup.id) for _, rollup in asked)
    of_these = f"organisation IN ({_organisations(meter for meter, _ in asked)}) AND rollup IN ({ids})"
    gone = [
        f"rollup = {quote(rollup.id)} AND bucket < {quote_second(until)}"
        for meter, rollup in asked
        if (until := expired.until(meter.organisation_id, meter.event))
    ]
    there = f"NOT ({' OR '.join(gone)})" if gone else "1"
    wrong: Counter[str] = Counter()
    for customers in slices:
        stored = f"SELECT {_MERGED} FROM usage WHERE {of_these} AND {customers} GROUP BY {_KEY}"
        counted = f"SELECT {_MERGED} FROM ({rollup_select(asked, effects, position, customers)}) GROUP BY {_KEY}"
        wrong.update(_unlike(warehouse, stored, counted, there))
    everyones = f"SELECT {_MERGED} FROM usage WHERE {of_these} AND customer = {EVERYONE} GROUP BY {_KEY}"
    added_up = f"""SELECT {_MERGED} FROM (
            SELECT * REPLACE ({EVERYONE} AS customer, toStartOfFifteenMinutes(bucket) AS bucket)
            FROM (SELECT * FROM usage WHERE {of_these} AND customer != {EVERYONE}))
        GROUP BY {_KEY}"""
    unlike = _unlike(warehouse, everyones, added_up, "1")
    for meter, rollup in asked:
        if count := wrong[rollup.id]:
            yield Difference(f"meter {meter.key}: buckets that differ from a recount", count)
        if count := unlike.get(rollup.id, 0):
            yield Difference(f"meter {meter.key}: quarter hours of everyone that differ from the customers'", count)


_KEY: Final = "customer, rollup, bucket, dimensions, backfill, layer"  # GROUP BY rollup would begin a ROLLUP
_MERGED: Final = f"{_KEY}, {MERGED_COLUMNS}"


def _unlike(warehouse: Warehouse, one: str, other: str, there: str) -> dict[str, int]:
    """By rollup, how many rows under the condition `there` only one of two selects has, or has otherwise."""
    columns = f"{_KEY}, events, samples, total, moment, least, greatest, latest, distinct"
    # A row that both sides have comes twice.
    sql = f"""SELECT rollup, count() AS n FROM (
        SELECT {columns} FROM ({one} UNION ALL {other}) WHERE {there} GROUP BY {columns} HAVING count() != 2)
        GROUP BY `rollup`"""
    return {row["rollup"]: row["n"] for row in warehouse.query(sql).to_pylist()}
