"""Backtests at work: one after the other, a chunk of customers at a time.

A backtest that runs holds a lock which goes with its process, so that after a crash any process can go on with it.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from justpaid.insights.backtest.chosen import chosen_customers
from justpaid.insights.backtest.compute import Pricing, rows_of
from justpaid.insights.backtest.summary import Figures, summarised
from justpaid.insights.backtest.tables import Backtest, BacktestCustomer
from justpaid.kernel.clock import Clock
from justpaid.kernel.errors import JustPaidError
from justpaid.kernel.period import Period
from justpaid.metering import Metering
from justpaid.platform.bulk import insert_rows
from justpaid.platform.database import Database
from justpaid.platform.failpoints import failpoint

CHUNK: Final = 500
_TURNS: Final = 6_104_551_208  # so that these locks are apart from those of other purposes

log = structlog.get_logger(__name__)


def run_waiting(
    database: Database, metering: Metering, clock: Clock, stopping: threading.Event | None = None, *, chunk: int = CHUNK
) -> int:
    """Run every backtest that waits, or was cut off, of every organisation; how many ended. Once `stopping` is set,
    what runs is left after its last whole chunk, and goes on at the next call."""
    with database.system() as session:
        waiting = session.execute(
            sa.select(Backtest.id, Backtest.organisation_id)
            .where(Backtest.status.in_(("queued", "running")))
            .order_by(Backtest.id)
        ).all()
    ended = 0
    for backtest_id, organisation_id in waiting:
        with _held(database, backtest_id) as is_ours:
            if is_ours and not (stopping and stopping.is_set()):
                ended += _run(database, metering, clock, organisation_id, backtest_id, stopping, chunk)
    return ended


@contextmanager
def _held(database: Database, backtest_id: str) -> Iterator[bool]:
    lock = {"id": backtest_id, "turns": _TURNS}
    with database.engine.connect() as connection:
        held = connection.scalar(sa.text("SELECT pg_try_advisory_lock(hashtextextended(:id, :turns))"), lock)
        connection.commit()
        try:
            yield bool(held)
        finally:
            if held:
                connection.execute(sa.text("SELECT pg_advisory_unlock(hashtextextended(:id, :turns))"), lock)
                connection.commit()


def _run(
    database: Database,
    metering: Metering,
    clock: Clock,
    organisation_id: str,
    backtest_id: str,
    stopping: threading.Event | None,
    chunk: int,
) -> bool:
    """Whether it ended, one way or another; not when told to stop."""
    pricing: Pricing | None = None
    try:
        while not (stopping and stopping.is_set()):
            with database.tenant(organisation_id) as session:
                backtest = session.get_one(Backtest, backtest_id)
                if backtest.status not in ("queued", "running"):
                    return True
                pricing = pricing or Pricing(backtest)
                if not _next_chunk(session, metering, clock, backtest, pricing, chunk):
                    return True
            failpoint("backtest.after_chunk")
    except JustPaidError as error:
        with database.tenant(organisation_id) as session:
            backtest = _locked(session, backtest_id)
            if backtest.status == "running" or backtest.status == "queued":
                backtest.status, backtest.error, backtest.finished_at = "failed", error.detail, clock.now()
        return True
    return False


def _next_chunk(
    session: Session, metering: Metering, clock: Clock, backtest: Backtest, pricing: Pricing, chunk: int
) -> bool:
    """False when there was nothing left, and the backtest is completed."""
    customers = _customers_after(session, backtest, chunk)
    revenues = pricing.revenues(session, metering, customers, backtest.of_plan) if customers else []
    session.expire(backtest)
    backtest = _locked(session, backtest.id)  # only now: a cancellation need not wait for the chunk
    if backtest.status == "canceled":
        return False
    backtest.status = "running"
    backtest.started_at = backtest.started_at or clock.now()
    if customers:
        insert_rows(session, BacktestCustomer, rows_of(backtest, revenues))
        backtest.customers_done += len(customers)
        backtest.done_until = customers[-1]
    else:
        backtest.result = _summary(session, backtest)
        backtest.customers_total = backtest.customers_done
        backtest.status, backtest.finished_at = "completed", clock.now()
    return bool(customers)


def _locked(session: Session, backtest_id: str) -> Backtest:
    return session.scalars(sa.select(Backtest).where(Backtest.id == backtest_id).with_for_update()).one()


def _customers_after(session: Session, backtest: Backtest, limit: int) -> list[str]:
    chosen = chosen_customers(
        backtest.of_plan, backtest.customers, Period(backtest.period_start, backtest.period_end)
    ).subquery()
    query = sa.select(chosen.c.customer_id).where(chosen.c.customer_id > backtest.done_until).distinct()
    return list(session.scalars(query.order_by(chosen.c.customer_id).limit(limit)))


def _summary(session: Session, backtest: Backtest) -> list[dict[str, object]]:
    found: dict[str, list[Figures]] = defaultdict(list)
    not_priced: dict[str, int] = defaultdict(int)
    columns = (BacktestCustomer.currency, BacktestCustomer.before, BacktestCustomer.after)
    query = sa.select(*columns, BacktestCustomer.months, BacktestCustomer.problem)
    for currency, before, after, months, problem in session.execute(
        query.where(BacktestCustomer.backtest_id == backtest.id)
    ):
        if problem is not None:
            not_priced[currency] += 1
            continue
        by_month = [(one["month"], Decimal(one["before"]), Decimal(one["after"])) for one in months]
        found[currency].append(Figures(before, after, by_month))
    return summarised(found, not_priced)
