"""The standing check that `usage` equals a recount of `events`, and that `events` has every sequence exactly once."""

from dataclasses import dataclass

from justpaid.metering.effects import Effects
from justpaid.metering.expired import Expired
from justpaid.metering.expressions import MERGED_COLUMNS
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.rollups import Rollups, rollup_select
from justpaid.platform.warehouse import Warehouse, quote


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
    key = "customer, bucket, dimensions, backfill, layer"
    for meter in meters:
        rollup = rollups.of(meter)
        if rollup is None or not rollup.complete:
            continue
        stored = f"""SELECT {key}, {MERGED_COLUMNS} FROM usage
            WHERE organisation = {quote(meter.organisation_id)} AND rollup = {quote(rollup.id)}
            GROUP BY {key}"""
        counted = f"""SELECT {key}, {MERGED_COLUMNS}
            FROM ({rollup_select(meter, effects, rollup.id, position)}) GROUP BY {key}"""
        # A row that both sides have comes twice; one that only one side has, or has otherwise, comes once.
        columns = f"{key}, events, samples, total, moment, least, greatest, latest, distinct"
        until = expired.until(meter.organisation_id, meter.event)
        there = f"WHERE bucket >= fromUnixTimestamp({int(until.timestamp())})" if until else ""
        sql = f"""SELECT count() AS n FROM (
            SELECT {columns} FROM ({stored} UNION ALL {counted}) {there} GROUP BY {columns} HAVING count() != 2)"""
        if count := warehouse.query(sql).to_pylist()[0]["n"]:
            differences.append(Difference(f"meter {meter.key}: buckets that differ from a recount", count))
    return differences
