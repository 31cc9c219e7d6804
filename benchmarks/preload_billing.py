"""`python -m benchmarks.preload_billing DATA SUBSCRIPTIONS BASELINE FIRST_MONTH PERIODS`: what `billing_books`
describes, in bulk.

One customer and one subscription are made by the product; the others are copies of their rows by SQL. Meters are made
too, so that a server which starts afterwards rolls up the past by itself.
"""

import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from benchmarks.billing_books import EVENTS_A_PERIOD, METERS, PRICES, day_sql, quantity_sql
from benchmarks.preload_justpaid import METERED, fill_index, mixed_sql
from benchmarks.servers import KEY
from justpaid.accounts import bootstrap
from justpaid.catalog import create_plan
from justpaid.contracts import NewSubscription, subscribe
from justpaid.customers import NewCustomer, create_customer
from justpaid.ingest import scope_of
from justpaid.metering import define_meter
from justpaid.metering.schema import prepare_warehouse
from justpaid.platform.database import Database
from justpaid.platform.embedded_postgres import EmbeddedPostgres
from justpaid.platform.journal import open_journal
from justpaid.platform.telemetry import configure_logging
from justpaid.platform.warehouse import Warehouse, open_warehouse

_CHUNK: Final = 1_000_000


def main() -> None:
    data, count, baseline, first_month, periods = (
        Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
    )  # fmt: skip
    configure_logging("warning", "json")
    with EmbeddedPostgres(data / "postgres") as url:
        database = Database(url)
        database.migrate()
        organisation_id = bootstrap(database, KEY)
        with database.tenant(organisation_id) as session:
            _contracts(session, organisation_id, count, baseline, first_month)
        database.close()
    journal = open_journal(str(data / "journal"))
    warehouse = open_warehouse(str(data / "warehouse"))
    prepare_warehouse(warehouse)
    events = count * len(METERS) * EVENTS_A_PERIOD * periods
    for start in range(0, events, _CHUNK):
        _events(warehouse, organisation_id, baseline, first_month, periods, start, min(start + _CHUNK, events))
    fill_index(journal, scope_of(organisation_id), events)
    journal.set_marks(dict.fromkeys(METERED, str(events).encode()))
    warehouse.close()
    journal.close()


def _contracts(session: Session, organisation_id: str, count: int, baseline: int, first_month: str) -> None:
    for meter in METERS:
        define_meter(session, organisation_id, name=meter["key"], filters=(), dimensions=(), **meter)
    plan = create_plan(
        session, organisation_id, key="usage", name="Usage", currency="USD", interval="month", prices=PRICES
    )
    customer = create_customer(
        session, organisation_id, NewCustomer(external_id="bill-x", name="Customer", timezone="UTC")
    )
    start = datetime.fromisoformat(f"{first_month}-01T00:00:00+00:00")
    made = subscribe(session, customer, plan, NewSubscription(start_at=start, billing_anchor="anniversary"))
    session.flush()
    day = day_sql("n", baseline)
    at = f"(timestamptz '{first_month}-01 00:00:00+00' + make_interval(days => {day} - 1))"
    numbers = f"generate_series(0, {count - 1}) AS n"
    _copies(session, "customers", customer.id, numbers, {"id": "'cus_' || lpad(n::text, 26, '0')",
            "external_id": "'bill-' || n", "name": "'Customer ' || n", "created_at": "now()"})  # fmt: skip
    for kind, key in (("id", "'cus_' || lpad(n::text, 26, '0')"), ("external_id", "'bill-' || n")):
        session.execute(sa.text(
            "INSERT INTO customer_keys (organisation_id, key, customer_id, kind) "
            f"SELECT '{organisation_id}', {key}, 'cus_' || lpad(n::text, 26, '0'), '{kind}' FROM {numbers}"
        ))  # fmt: skip
    _copies(session, "subscriptions", made.id, numbers, {"id": "'sub_' || lpad(n::text, 26, '0')",
            "customer_id": "'cus_' || lpad(n::text, 26, '0')", "start_at": at,
            "next_bill_at": f"{at} + interval '1 month'"})  # fmt: skip
    _copies(session, "subscription_phases", made.phases[0].id, numbers, {"id": "'phase_' || lpad(n::text, 26, '0')",
            "subscription_id": "'sub_' || lpad(n::text, 26, '0')", "start_at": at, "billing_anchor": at,
            "fees_from": at})  # fmt: skip
    session.execute(sa.text("UPDATE subscriptions SET next_bill_at = NULL WHERE id = :id"), {"id": made.id})


def _copies(session: Session, table: str, of: str, numbers: str, changed: dict[str, str]) -> None:
    """Rows like the one with the id `of`, but for what is `changed`."""
    columns = [column["name"] for column in sa.inspect(session.connection()).get_columns(table)]
    values = ", ".join(changed.get(name, f"made.{name}") for name in columns)
    session.execute(
        sa.text(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} "
            f"FROM {table} AS made, {numbers} WHERE made.id = :of"
        ),
        {"of": of},
    )


def _events(
    warehouse: Warehouse, organisation_id: str, baseline: int, first_month: str, periods: int, start: int, end: int
) -> None:
    """Event `number` is of meter `number % 4`, then by the event of the period, the period, the customer."""
    names = ", ".join(f"'{meter['event']}'" for meter in METERS)
    meters, each = len(METERS), EVENTS_A_PERIOD
    warehouse.execute(f"""INSERT INTO events
        (organisation, id, customer, event, timestamp, quantity, properties, received_at, seq)
        SELECT '{organisation_id}', leftPad(lower(hex({mixed_sql("number")})), 16, '0'), concat('bill-', toString(n)),
            [{names}][m + 1], at, toDecimal128({quantity_sql("n", "m", "e", "p")}, 12), '{{}}', at, number
        FROM (
            SELECT number, number % {meters} AS m, intDiv(number, {meters}) % {each} AS e,
                intDiv(number, {meters * each}) % {periods} AS p, intDiv(number, {meters * each * periods}) AS n,
                toDateTime64('{first_month}-01 00:00:00', 6, 'UTC')
                    + toIntervalMonth(p) + toIntervalDay({day_sql("n", baseline)} - 1)
                    + toIntervalHour(e * 600 + 13) + toIntervalSecond(n % 3600) AS at
            FROM numbers({start}, {end - start})
        )
        SETTINGS max_partitions_per_insert_block = 0""")


if __name__ == "__main__":
    main()
