"""`python -m benchmarks.billing_one_by_one DATA AS_OF`: the baseline of `benchmarks.billing`, JSON on stdout.

The same functions in this process, with one subscription in each chunk: one at a time is read, priced, stored, numbered
and committed, as the straightforward loop does it.
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from justpaid.contracts import Subscription
from justpaid.installation import open_installation
from justpaid.invoicing import run_billing
from justpaid.metering import load_definitions
from justpaid.platform.settings import Settings
from justpaid.platform.telemetry import configure_logging


def main() -> None:
    configure_logging("warning", "json")
    with open_installation(Settings(data_dir=Path(sys.argv[1]))) as installation:
        with installation.database.system() as session:
            organisation_id = session.scalars(sa.select(Subscription.organisation_id).limit(1)).one()
            meters = load_definitions(session)
        while any(installation.metering.rollups.progress(meter) < 1 for meter in meters):
            time.sleep(0.1)
        began = time.perf_counter()
        run = run_billing(
            installation.database,
            installation.metering,
            installation.clock,
            organisation_id,
            as_of=datetime.fromisoformat(sys.argv[2]),
            chunk=1,
        )
        seconds = time.perf_counter() - began
    json.dump({"invoices": run.invoices_finalized, "seconds": round(seconds, 2)}, sys.stdout)


if __name__ == "__main__":
    main()
