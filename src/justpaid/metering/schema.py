"""The warehouse's tables.

`events` keeps every accepted event, ordered so that one meter's events of one customer lie together. `usage` is the
rollup: one row per rollup, customer, dimension values and 5 minutes, merged in the background. `upto` is the journal
sequence up to which the insert that made a row had read; one insert is atomic, so `max(upto)` tells, after any crash,
how far `usage` is. Its columns are plain values, not states of aggregate functions: those cost each row a state, needed
or not, in every insert and merge, three times as much in all. `latest` is the greatest (timestamp, sequence, value),
`distinct` the hashes of the texts. `dimensions` is a JSON array of strings, as one text: to order rows by an array
took more than half of a merge. Rows of the empty customer are everyone's, by the quarter hour: who asks for all
customers' usage need not add up each one's.

Both keep the events of each backfill apart, whether it counts or not; `backfills` has a row for each step of one, with
what the backfill is. `layer`: see `effects`.

`voids` has a row for each event row that was withdrawn: `target` is the row's sequence, `bucket` its five minutes,
`seq` the void's own place, `replaced` whether another version of the event counts instead.

`expired` has a row for each removal of an event name's old events: `events` below sequence `upto` with timestamps
before `until`. A partition of `events` is a month of receipt, so that a removal rewrites little and whole months can
move to a colder disk; an insert must lie in one partition, since only then is it atomic.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from justpaid.platform.warehouse import Warehouse

BUCKET_S: Final = 300
BUCKET: Final = timedelta(seconds=BUCKET_S)
#: Of a row of `events`, the bucket that it is rolled up into.
BUCKET_OF_EVENT: Final = "toStartOfFiveMinutes(toDateTime(timestamp, 'UTC'))"

#: Time zones are whole quarter hours apart, so hours, days and months of each are whole quarters.
QUARTER: Final = timedelta(minutes=15)
QUARTER_OF_EVENT: Final = "toStartOfFifteenMinutes(toDateTime(timestamp, 'UTC'))"
#: The customer of everyone's rows in `usage`; no event has it.
EVERYONE: Final = "''"

# On disk when the insert returns; the journal drops its copy after that. An insert that would fill the disk is refused
# beforehand: the engine inside this process takes a part for whole though its last bytes found no room.
MIN_FREE_BYTES: Final = 256 << 20
_SETTINGS: Final = (
    "fsync_after_insert = 1, fsync_part_directory = 1, "
    f"min_free_disk_bytes_to_perform_insert = {MIN_FREE_BYTES}, "
    # Merges come after more parts than usual: a row is rewritten less often, at the price of some twenty parts to read.
    "merge_selector_base = 16, "
    # They yield to everything else, so after minutes at full load there may be more: from then on inserts wait a
    # little, and so hold more.
    "parts_to_delay_insert = 200"
)

_STATEMENTS: Final = (
    f"""
    CREATE TABLE IF NOT EXISTS events (
        organisation LowCardinality(String),
        id           String                CODEC(ZSTD(1)),
        customer     String                CODEC(ZSTD(1)),
        event        LowCardinality(String),
        timestamp    DateTime64(6, 'UTC')  CODEC(Delta, ZSTD(1)),
        quantity     Decimal(38, 12)       CODEC(ZSTD(1)),
        properties   String                CODEC(ZSTD(1)),
        received_at  DateTime64(6, 'UTC')  CODEC(Delta, ZSTD(1)),
        seq          UInt64                CODEC(Delta, ZSTD(1)),
        backfill     LowCardinality(String),
        INDEX seq_range seq TYPE minmax GRANULARITY 1,
        INDEX timestamp_range timestamp TYPE minmax GRANULARITY 1
    )
    ENGINE = MergeTree PARTITION BY toYYYYMM(received_at) ORDER BY (organisation, event, customer, timestamp)
    SETTINGS {_SETTINGS}, index_granularity = 8192
    """,
    f"""
    CREATE TABLE IF NOT EXISTS usage (
        organisation LowCardinality(String),
        rollup       LowCardinality(String),
        customer     String                CODEC(ZSTD(1)),
        bucket       DateTime('UTC')       CODEC(Delta, ZSTD(1)),
        dimensions   LowCardinality(String) CODEC(ZSTD(1)),
        backfill     LowCardinality(String),
        layer        UInt64                CODEC(Delta, ZSTD(1)),
        events       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
        samples      SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
        total        SimpleAggregateFunction(sum, Decimal(76, 12)) CODEC(ZSTD(1)),
        moment       SimpleAggregateFunction(sum, Decimal(76, 12)) CODEC(ZSTD(1)),
        least        SimpleAggregateFunction(min, Nullable(Decimal(38, 12))) CODEC(ZSTD(1)),
        greatest     SimpleAggregateFunction(max, Nullable(Decimal(38, 12))) CODEC(ZSTD(1)),
        latest       SimpleAggregateFunction(max, Tuple(DateTime64(6, 'UTC'), UInt64, Decimal(38, 12))),
        distinct     SimpleAggregateFunction(groupUniqArrayArray, Array(UInt128)),
        upto         SimpleAggregateFunction(max, UInt64) CODEC(Delta, ZSTD(1)),
        INDEX upto_range upto TYPE minmax GRANULARITY 1
    )
    ENGINE = AggregatingMergeTree ORDER BY (organisation, rollup, customer, bucket, dimensions, backfill, layer)
    SETTINGS {_SETTINGS}, index_granularity = 2048
    """,
    f"""
    CREATE TABLE IF NOT EXISTS voids (
        organisation LowCardinality(String),
        event        LowCardinality(String),
        customer     String                CODEC(ZSTD(1)),
        bucket       DateTime('UTC')       CODEC(Delta, ZSTD(1)),
        target       UInt64                CODEC(Delta, ZSTD(1)),
        seq          UInt64                CODEC(Delta, ZSTD(1)),
        replaced     Bool,
        received_at  DateTime64(6, 'UTC')  CODEC(Delta, ZSTD(1)),
        INDEX seq_range seq TYPE minmax GRANULARITY 1
    )
    ENGINE = MergeTree ORDER BY (organisation, event, customer, bucket)
    SETTINGS {_SETTINGS}
    """,
    f"""
    CREATE TABLE IF NOT EXISTS expired (
        organisation LowCardinality(String),
        event        LowCardinality(String),
        until        DateTime64(6, 'UTC'),
        upto         UInt64,
        events       UInt64
    )
    ENGINE = MergeTree ORDER BY (organisation, event, until)
    SETTINGS {_SETTINGS}
    """,
    f"""
    CREATE TABLE IF NOT EXISTS backfills (
        organisation LowCardinality(String),
        id           String                CODEC(ZSTD(1)),
        step         LowCardinality(String),
        definition   String                CODEC(ZSTD(1)),
        seq          UInt64                CODEC(Delta, ZSTD(1)),
        received_at  DateTime64(6, 'UTC')  CODEC(Delta, ZSTD(1))
    )
    ENGINE = MergeTree ORDER BY (organisation, seq)
    SETTINGS {_SETTINGS}
    """,
    # For a warehouse from before backfills.
    "ALTER TABLE events ADD COLUMN IF NOT EXISTS backfill LowCardinality(String) AFTER seq",
)


def month_of(instant: datetime) -> datetime:
    """The first of its month, in UTC: where a partition of `events` begins."""
    return instant.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


# Of `usage`; a rollup with rows of an earlier layout is made anew, from `events`.
LAYOUT: Final = 4
_EARLIER_LAYOUT: Final = """
    SELECT count() > 0 AND countIf(name = 'dimensions' AND type = 'LowCardinality(String)') = 0 AS found
    FROM system.columns WHERE database = currentDatabase() AND table = 'usage'"""


def prepare_warehouse(warehouse: Warehouse) -> None:
    """Make what is missing; safe to repeat.  Raises: EngineUnavailable."""
    if warehouse.query(_EARLIER_LAYOUT).to_pylist()[0]["found"]:
        warehouse.execute("DROP TABLE usage")
    for statement in _STATEMENTS:
        warehouse.execute(statement)
    warehouse.defer_merges()
