"""Write the next migration: what the declared tables have that the migrations don't make yet.

Usage: .venv/bin/python tools/new_migration.py "what changes"     (then read it, and give new tables their isolation)
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

# Every module that declares tables.
import justpaid.accounts.audit
import justpaid.accounts.people_tables
import justpaid.accounts.tables
import justpaid.api.tables
import justpaid.catalog.tables
import justpaid.contracts.tables
import justpaid.coupons.tables
import justpaid.credits.tables
import justpaid.customers.tables
import justpaid.delivery.outbox
import justpaid.imports.tables
import justpaid.ingest.tables
import justpaid.insights.backtest.tables
import justpaid.invoicing.credit_note_tables
import justpaid.invoicing.late_usage_tables
import justpaid.invoicing.sharing
import justpaid.invoicing.tables
import justpaid.ledger.tables
import justpaid.limits.tables
import justpaid.portal.links
import justpaid.taxes.tables
from justpaid.platform.database import Database, alembic_config, ensure_roles
from justpaid.platform.embedded_postgres import EmbeddedPostgres

import justpaid.metering.tables  # noqa: F401  isort: skip


def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as url:
        database = Database(url)
        with database.engine.begin() as connection:
            ensure_roles(connection)
            config = alembic_config(connection)
            command.upgrade(config, "head")
            number = (
                len(list((Path(config.get_main_option("script_location") or "") / "versions").glob("[0-9]*.py"))) + 1
            )
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
        database.close()


if __name__ == "__main__":
    main(sys.argv[1])
