"""The standing check that `usage` equals a recount of `events`, and that `events` has every sequence exactly once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from justpaid.metering.effects import Effects
from justpaid.metering.expired import Expired
from justpaid.metering.expressions import MERGED_COLUMNS
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.rollups import Rollup, Rollups, rollup_select
from justpaid.platform.warehouse import Warehouse, quote

#: A statement costs tens of milliseconds, however little it counts.
_AT_ONCE: Final = 50


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
    row = warehouse.query(f"SELECT count() AS n, uniqExact(seq) AS distinct FROM ({records})").to_pylist()[0]
    if (row["n"], row["distinct"]) != (kept, kept):
        differences.append(
            Difference(
                f"events: {row['n']} rows with {row['distinct']} sequences for {position} accepted, "
                f"{position - kept} of them expired",
                1,
            )
        )
    complete = [(meter, rollup) for meter in meters if (rollup := rollups.of(meter)) and rollup.complete]
    for start in range(0, len(complete), _AT_ONCE):
        differences += _in_rollups(warehouse, complete[start : start + _AT_ONCE], expired, effects, position)
    return differences


def _in_rollups(
    warehouse: Warehouse,
    asked: Sequence[tuple[MeterDefinition, Rollup]],
    expired: Expired,
    effects: Effects,
    position: int,
) -> Iterator[Difference]:
    key = "customer, rollup, bucket, dimensions, backfill, layer"  # GROUP BY rollup would begin a ROLLUP
    ids = ", ".join(quote(rollup.id) for _, rollup in asked)
    organisations = ", ".join(
        quote(organisation_id) for organisation_id in {meter.organisation_id for meter, _ in asked}
    )
    stored = f"""SELECT {key}, {MERGED_COLUMNS} FROM usage
        WHERE organisation IN ({organisations}) AND rollup IN ({ids}) GROUP BY {key}"""
    counted = f"SELECT {key}, {MERGED_COLUMNS} FROM ({rollup_select(asked, effects, position)}) GROUP BY {key}"
    gone = [
        f"rollup = {quote(rollup.id)} AND bucket < fromUnixTimestamp({int(until.timestamp())})"
        for meter, rollup in asked
        if (until := expired.until(meter.organisation_id, meter.event))
    ]
    there = f"WHERE NOT ({' OR '.join(gone)})" if gone else ""
    # A row that both sides have comes twice; one that only one side has, or has otherwise, comes once.
    columns = f"{key}, events, samples, total, moment, least, greatest, latest, distinct"
    sql = f"""SELECT rollup, count() AS n FROM (
        SELECT {columns} FROM ({stored} UNION ALL {counted}) {there} GROUP BY {columns} HAVING count() != 2)
        GROUP BY `rollup`"""
    wrong = {row["rollup"]: row["n"] for row in warehouse.query(sql).to_pylist()}
    for meter, rollup in asked:
        if count := wrong.get(rollup.id):
            yield Difference(f"meter {meter.key}: buckets that differ from a recount", count)
