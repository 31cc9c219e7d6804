"""Ingest and metering over one folder, without PostgreSQL: the bench that the metering tests work on."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from justpaid.ingest import Backfill, Backfills, Committer, Corrections, Feed, Limits, Receipt, Standing, Submission
from justpaid.kernel.clock import FixedClock
from justpaid.kernel.decimals import plain
from justpaid.kernel.period import Period
from justpaid.metering import Aggregation, MeterDefinition, Metering, Quantity, Question
from justpaid.metering.schema import LAYOUT
from justpaid.platform.journal import open_journal
from justpaid.platform.warehouse import Warehouse

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
MARCH = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


class Node:
    """Ingest and metering over one folder, without PostgreSQL: meters are a list."""

    def __init__(self, folder: Path, warehouse: Warehouse, slice_events: int = 1_000_000) -> None:
        self.folder = folder
        self.slice_events = slice_events
        self.clock = FixedClock(NOW)
        self.warehouse = warehouse
        self.meters: list[MeterDefinition] = []
        self.open()

    def open(self) -> None:
        self.journal = open_journal(str(self.folder / "journal"))
        self.committer = Committer(self.journal, self.clock, Limits(), Feed())
        self.metering = Metering(
            self.journal,
            self.warehouse,
            lambda: list(self.meters),
            max_rows=100_000,
            slice_events=self.slice_events,
        )
        self.backfills = Backfills(self.journal, FixedClock(NOW), Limits(), self.metering.backfills.replaced_among)
        self.metering.start()
        self.committer.start()

    def close(self) -> None:
        self.committer.stop()
        self.metering.stop()
        self.journal.close()

    def forget_layouts(self) -> None:
        """While closed: rollups as they were before `usage` had layouts."""
        journal = open_journal(str(self.folder / "journal"))
        for name, value in journal.marks("metering.rollup.").items():
            kept = json.loads(value)
            assert kept.pop("layout") == LAYOUT
            journal.set_marks({name: json.dumps(kept).encode()})
        journal.close()

    def meter(self, key: str, aggregation: str, property: str | None = None, **more: Any) -> MeterDefinition:
        meter = MeterDefinition(
            id=f"mtr_{key}",
            organisation_id=more.get("organisation_id", "org_a"),
            key=key,
            event=more.get("event", "completion"),
            aggregation=Aggregation(aggregation),
            property=property,
            filters=tuple(more.get("filters", ())),
            dimensions=tuple(more.get("dimensions", ())),
        )
        self.meters.append(meter)
        self.metering.meters_changed()
        return meter

    def send(self, events: Any, organisation_id: str = "org_a") -> Receipt:
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        return self.committer.submit(Submission(organisation_id, True, body)).result(10)

    def send_under(self, backfill: Backfill, events: Any) -> Receipt:
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        return self.backfills.send(backfill, Submission(backfill.organisation_id, True, body))

    def void(self, number: int) -> None:
        """Withdraw the event that `event(number)` made."""
        found = self.metering.events.find("org_a", f"evt-{number}")
        assert found is not None
        content = found.customer_key, found.event, found.timestamp, found.quantity, found.properties
        standing = Standing("org_a", found.id, found.sequence, *content, found.backfill_id)
        Corrections(self.journal, FixedClock(NOW)).void(standing)

    def usage(self, meter: MeterDefinition, period: Period = MARCH, **more: Any) -> list[Quantity]:
        with self.metering.snapshot():
            return self.metering.usage(Question(meter, more.pop("windows", [period]), **more))

    def value(self, meter: MeterDefinition, period: Period = MARCH, **more: Any) -> str:
        found = self.usage(meter, period, **more)
        assert len(found) <= 1
        return plain(found[0].value) if found else "nothing"

    def built(self, *meters: MeterDefinition) -> bool:
        """Wait until the rollups of these meters, or of all, are complete."""
        deadline = time.monotonic() + 20
        while any(self.metering.rollups.progress(meter) < 1 for meter in meters or self.meters):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def check(self) -> None:
        """Every rollup is built, and equals a recount."""
        assert self.built()
        assert self.metering.recount(self.meters) == []


@contextmanager
def fresh_node(folder: Path, warehouse: Warehouse, slice_events: int = 1_000_000) -> Iterator[Node]:
    for table in ("events", "usage", "voids", "expired", "backfills"):
        warehouse.execute(f"DROP TABLE IF EXISTS {table}")
    node = Node(folder, warehouse, slice_events)
    try:
        yield node
    finally:
        node.close()


def event(n: int, at: datetime = NOW, customer: str = "acme", **more: Any) -> dict[str, Any]:
    return {"id": f"evt-{n}", "customer_id": customer, "event": "completion", "timestamp": at.isoformat(), **more}
