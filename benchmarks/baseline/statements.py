"""The baseline's SQL: one statement a request stores the new events and upserts the five rollups from just those."""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS events (
    organisation text NOT NULL,
    id           text NOT NULL,
    customer     text NOT NULL,
    event        text NOT NULL,
    timestamp    timestamptz NOT NULL,
    quantity     numeric(38, 12) NOT NULL,
    properties   jsonb NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation, id)
);
CREATE INDEX IF NOT EXISTS events_of_customer ON events (organisation, customer, timestamp);
CREATE TABLE IF NOT EXISTS usage (
    organisation text NOT NULL,
    meter        text NOT NULL,
    customer     text NOT NULL,
    bucket       timestamptz NOT NULL,
    model        text NOT NULL,
    region       text NOT NULL,
    events       bigint NOT NULL,
    total        numeric NOT NULL,
    greatest     numeric NOT NULL,
    PRIMARY KEY (organisation, meter, customer, bucket, model, region)
) WITH (fillfactor = 80);
"""


def _rollup(meter: str, dimensions: tuple[str, ...], total: str, condition: str = "true") -> str:
    model, region = (name if name in dimensions else "''" for name in ("model", "region"))
    return f"""SELECT organisation, '{meter}' AS meter, customer, bucket, {model} AS model, {region} AS region,
        count(*) AS events, sum({total}) AS total, max(ms) AS greatest
    FROM measured WHERE {condition} GROUP BY {", ".join(("organisation", "customer", "bucket", *dimensions))}"""


_ROLLUPS: Final = " UNION ALL ".join(
    (
        _rollup("calls", ("model",), "1"),
        _rollup("input_tokens", ("model",), "input"),
        _rollup("output_tokens", ("model", "region"), "output"),
        _rollup("slowest_ms", ("region",), "ms"),
        _rollup("cached_calls", ("model",), "1", "cached"),
    )
)


def _rolled_up(source: str, on_conflict: str) -> str:
    """The CTE `measured` over rows of `events`, and the insert into `usage`. Its order keeps two requests that meet in
    a row from waiting for each other in a circle."""
    return f"""measured AS (
        SELECT organisation, customer, event, date_bin('5 minutes', timestamp, timestamptz 'epoch') AS bucket,
            properties->>'model' AS model, properties->>'region' AS region,
            (properties->>'input')::numeric AS input, (properties->>'output')::numeric AS output,
            (properties->>'ms')::numeric AS ms, properties->>'cached' = 'true' AS cached
        FROM {source} WHERE event = 'call'
    ), rolled AS (
        INSERT INTO usage SELECT * FROM ({_ROLLUPS}) AS rollups
        ORDER BY organisation, meter, customer, bucket, model, region
        {on_conflict}
    )"""


INGEST: Final = f"""
WITH inserted AS (
    INSERT INTO events (organisation, id, customer, event, timestamp, quantity, properties)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::jsonb[])
        AS given (id, customer, event, timestamp, quantity, properties)
    ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING organisation, customer, event, timestamp, properties
), {
    _rolled_up(
        "inserted",
        '''ON CONFLICT (organisation, meter, customer, bucket, model, region) DO UPDATE SET
            events = usage.events + excluded.events, total = usage.total + excluded.total,
            greatest = greatest(usage.greatest, excluded.greatest)''',
    )
}
SELECT count(*) FROM inserted
"""

#: Fill empty tables: rollups of all of `events` at once.
ROLL_UP_ALL: Final = f"WITH {_rolled_up('events', '')} SELECT 1"

USAGE: Final = """
SELECT sum(CASE meter WHEN 'slowest_ms' THEN 0 WHEN 'calls' THEN events WHEN 'cached_calls' THEN events ELSE total END)
    AS summed, max(greatest) AS greatest
FROM usage WHERE organisation = $1 AND meter = $2
"""

RECOUNT: Final = "SELECT (SELECT count(*) FROM events), (SELECT sum(events) FROM usage WHERE meter = 'calls')"
