"""A bookkeeper's bench: a whole billing system with a clock of its own, and words to write dated stories in."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from justpaid import accounts, catalog, contracts, credits, customers, invoicing, ledger, metering
from justpaid.ingest import Backfills, Committer, Corrections, Feed, Limits, Submission
from justpaid.kernel.clock import FixedClock
from justpaid.kernel.period import timezone
from justpaid.metering import Metering
from justpaid.platform.database import Database
from justpaid.platform.embedded_postgres import EmbeddedPostgres
from justpaid.platform.journal import open_journal
from justpaid.platform.warehouse import Warehouse

_organisations = itertools.count(1)


@dataclass
class Engines:
    database: Database
    warehouse: Warehouse
    metering: Metering
    ingest: Committer
    clock: FixedClock
    corrections: Corrections
    backfills: Backfills

    def meters(self) -> list[metering.MeterDefinition]:
        """Of all organisations."""
        with self.database.system() as session:
            return metering.load_definitions(session)


@pytest.fixture(scope="module")
def engines(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    for table in ("events", "usage", "voids", "expired", "backfills"):
        warehouse.execute(f"DROP TABLE IF EXISTS {table}")
    folder = tmp_path_factory.mktemp("scenario")
    with EmbeddedPostgres(folder / "postgres") as url:
        database = Database(url)
        database.migrate()

        def definitions() -> list[metering.MeterDefinition]:
            with database.system() as session:
                return metering.load_definitions(session)

        journal = open_journal(str(folder / "journal"))
        clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
        meters = Metering(journal, warehouse, definitions, max_rows=100_000)
        ingest = Committer(journal, clock, Limits(), Feed())
        meters.start()
        ingest.start()
        backfills = Backfills(journal, clock, Limits(), meters.backfills.replaced_among)
        engines = Engines(database, warehouse, meters, ingest, clock, Corrections(journal, clock), backfills)
        yield engines
        assert meters.recount(engines.meters()) == []
        ingest.stop()
        meters.stop()
        journal.close()
        database.close()


@dataclass
class Books:
    """One organisation. Local times are written as `2026-01-31 10:00` and read in the customer's zone."""

    engines: Engines
    organisation_id: str
    zone: str = "UTC"
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def at(self, text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=timezone(self.zone)).astimezone(UTC)

    def today(self, text: str) -> None:
        self.engines.clock.move_to(self.at(text))

    def meter(self, key: str, aggregation: str, property: str | None = None, **more: Any) -> None:
        with self.engines.database.tenant(self.organisation_id) as session:
            metering.define_meter(
                session,
                self.organisation_id,
                key=key,
                name=key,
                event=more.get("event", "call"),
                aggregation=aggregation,
                property=property,
                filters=more.get("filters", ()),
                dimensions=more.get("dimensions", ()),
            )
        self.engines.metering.meters_changed()

    def change_meter(self, key: str, **changes: Any) -> None:
        with self.engines.database.tenant(self.organisation_id) as session:
            assert metering.change_meter(session, metering.find_meter(session, key), changes)
        self.engines.metering.meters_changed()

    def plan(self, key: str, *prices: Mapping[str, Any], **terms: Any) -> None:
        """In USD by the month, where `terms` do not say otherwise."""
        terms = {"currency": "USD", "interval": "month", "prices": prices, **terms}
        with self.engines.database.tenant(self.organisation_id) as session:
            catalog.create_plan(session, self.organisation_id, key=key, name=key, **terms)

    def customer(self, external_id: str, *aliases: str) -> None:
        new = customers.NewCustomer(
            external_id=external_id, name=external_id.title(), timezone=self.zone, aliases=list(aliases)
        )
        with self.engines.database.tenant(self.organisation_id) as session:
            customers.create_customer(session, self.organisation_id, new)

    def subscribe(self, customer: str, plan: str, start: str, **more: Any) -> str:
        end = more.pop("end", None)
        anchor = more.pop("anchor", "anniversary")
        trial_end = more.pop("trial_end", None)
        add_ons = more.pop("add_ons", {})
        ramp = more.pop("phases", ())
        with self.engines.database.tenant(self.organisation_id) as session:
            subscription = contracts.subscribe(
                session,
                customers.find_customer(session, customer),
                catalog.find_plan(session, plan),
                contracts.NewSubscription(
                    start_at=self.at(start),
                    end_at=self.at(end) if end else None,
                    billing_anchor=self.at(anchor) if anchor[0].isdigit() else anchor,
                    trial_end=self.at(trial_end) if trial_end else None,
                    add_ons=self._add_ons(session, add_ons),
                    phases=tuple(self._phase(session, **phase) for phase in ramp),
                    **more,
                ),
            )
        return subscription.id

    def cancel(self, subscription_id: str, at: str = "period_end", **more: Any) -> None:
        self._edit(contracts.cancel, subscription_id, at, **more)

    def change(self, subscription_id: str, at: str = "now", **more: Any) -> None:
        """`plan` by its key, `add_ons` as {plan: quantity}; else as `contracts.change`."""
        self._edit(contracts.change, subscription_id, at, **more)

    def pause(self, subscription_id: str, at: str = "now", until: str | None = None, **more: Any) -> None:
        self._edit(contracts.pause, subscription_id, at, until=self.at(until) if until else None, **more)

    def resume(self, subscription_id: str, at: str = "now", **more: Any) -> None:
        self._edit(contracts.resume, subscription_id, at, **more)

    def unschedule(self, subscription_id: str, start: str) -> None:
        """Drop the change that begins at this local time."""
        with self.engines.database.tenant(self.organisation_id) as session:
            found = contracts.find_subscription(session, subscription_id)
            (phase,) = (phase.id for phase in found.phases if phase.start_at == self.at(start))
            contracts.unschedule(session, found, phase, now=self.engines.clock.now())

    def phases(self, subscription_id: str) -> list[tuple[str, str, str, int]]:
        """(local start, kind, plan, seats) of each phase."""
        with self.engines.database.tenant(self.organisation_id) as session:
            found = contracts.find_subscription(session, subscription_id)
            return [(self.local(p.start_at), p.kind, p.plan_version.plan.key, p.seats) for p in found.phases]

    def _edit(self, edit: Callable[..., Any], subscription_id: str, at: str, **more: Any) -> None:
        when = at if at in ("now", "period_end") else self.at(at)
        with self.engines.database.tenant(self.organisation_id) as session:
            if "plan" in more:
                more["version"] = catalog.find_plan(session, more.pop("plan")).latest
            if "add_ons" in more:
                more["add_ons"] = self._add_ons(session, more["add_ons"])
            found = contracts.find_subscription(session, subscription_id)
            edit(session, found, at=when, now=self.engines.clock.now(), **more)
        self.check()

    def _add_ons(self, session: Session, sent: Mapping[str, int]) -> tuple[contracts.AddOn, ...]:
        return tuple(contracts.AddOn(catalog.find_plan(session, key).latest.id, n) for key, n in sent.items())

    def _phase(self, session: Session, **sent: Any) -> contracts.NewPhase:
        if "plan" in sent:
            sent["version"] = catalog.find_plan(session, sent.pop("plan")).latest
        if "months" in sent:
            sent["duration"] = contracts.Duration("month", sent.pop("months"))
        return contracts.NewPhase(**sent)

    def use(self, customer: str, when: str, quantity: Any = 1, **properties: Any) -> None:
        event = {
            "id": f"evt-{next(self._ids)}",
            "customer_id": customer,
            "event": properties.pop("event", "call"),
            "timestamp": self.at(when).isoformat(),
            "quantity": quantity,
            "properties": properties,
        }
        receipt = self.engines.ingest.submit(
            Submission(self.organisation_id, False, json.dumps(event).encode())
        ).result(10)
        assert receipt.accepted == 1, receipt.errors

    def bill(self, as_of: str, *, finalize: bool = True) -> tuple[int, int]:
        """Run billing and all standing checks; (created, finalised)."""
        run = invoicing.run_billing(
            self.engines.database,
            self.engines.metering,
            self.engines.clock,
            self.organisation_id,
            as_of=self.at(as_of),
            finalize=finalize,
        )
        self.check()
        return run.invoices_created, run.invoices_finalized

    def invoices(self) -> list[tuple[str, str, str, str]]:
        """(number, local start, local end, total), in the order of the numbers."""
        with self.engines.database.tenant(self.organisation_id) as session:
            found = sorted(invoicing.list_invoices(session, limit=1000), key=lambda i: i.number or "")
        return [
            (i.number or "draft", self.local(i.period_start), self.local(i.period_end), money(i.total)) for i in found
        ]

    def lines(self, number: str) -> list[tuple[str, str, str]]:
        """(price key, quantity, amount) of each line of the invoice."""
        with self.engines.database.tenant(self.organisation_id) as session:
            lines = list(invoicing.find_invoice(session, number).lines)
        return [(line.price_key, format(line.quantity.normalize(), "f"), money(line.amount)) for line in lines]

    def spans(self, number: str) -> list[tuple[str, str, str, str]]:
        """(description, local start, local end, amount) of each line of the invoice."""
        with self.engines.database.tenant(self.organisation_id) as session:
            lines = list(invoicing.find_invoice(session, number).lines)
        return [
            (line.description, self.local(line.period_start), self.local(line.period_end), money(line.amount))
            for line in lines
        ]

    def estimate(self, subscription_id: str) -> tuple[str, str]:
        """(so far, projected), as of the clock."""
        with self.engines.metering.snapshot():
            pass
        with self.engines.database.tenant(self.organisation_id) as session:
            found = contracts.find_subscription(session, subscription_id)
            estimate = invoicing.estimate(session, self.engines.metering, found, self.engines.clock.now())
        return money(estimate.total), money(estimate.projected_total)

    def check(self) -> None:
        """The invariants, after each step of a story."""
        with self.engines.database.tenant(self.organisation_id) as session:
            found = invoicing.check_invoices(session) + credits.check_credits(session) + ledger.check_ledger(session)
            assert found == []
            for invoice in invoicing.list_invoices(session, limit=1000):
                proof = invoicing.verify(session, self.engines.metering, invoice)
                assert proof.ok, proof
        assert self.engines.metering.recount(self.meters()) == []

    def meters(self) -> list[metering.MeterDefinition]:
        """Those whose usage is recounted: its own. Those of all stories are when their module ends."""
        return [meter for meter in self.engines.meters() if meter.organisation_id == self.organisation_id]

    def local(self, instant: datetime) -> str:
        text = instant.astimezone(timezone(self.zone)).strftime("%Y-%m-%d %H:%M")
        return text.removesuffix(" 00:00")


def money(amount: Decimal) -> str:
    """Whole amounts bare, others with two places, or three where there are three."""
    text = format(amount.normalize(), "f")
    return text + "0" if text[-2:-1] == "." else text


@pytest.fixture
def books(engines: Engines) -> Callable[..., Books]:
    """`books()` opens the books of a new organisation, `books("Asia/Tokyo")` in that zone."""

    def open_books(zone: str = "UTC") -> Books:
        with engines.database.system() as session:
            pair = accounts.create_organisation(session, f"Story {next(_organisations)}", timezone=zone)
        engines.clock.move_to(datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=365))
        return Books(engines, pair.test.id, zone)

    return open_books
