"""Backtests, and what each says of each customer."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from justpaid.kernel.decimals import EXACT
from justpaid.platform.database import TenantRecord

Status = Literal["queued", "running", "completed", "canceled", "failed"]
Sort = Literal["change", "-change", "before", "-before", "after", "-after"]


class Backtest(TenantRecord):
    """The usage of `[period_start, period_end)` under `terms`, a copy of a plan version's columns.

    `plan` and `version` tell where the terms are from; both are None for terms that were sent along. `of_plan` (a key)
    and `customers` (ids) narrow whom it is about; None: all. `timezone` is whose calendar the periods follow.
    `done_until` is the id of the last customer that is done, in the order of ids. `result`: see `summary`.
    """

    __tablename__ = "backtests"
    __table_args__ = (
        sa.CheckConstraint("status IN ('queued', 'running', 'completed', 'canceled', 'failed')", name="status"),
        sa.CheckConstraint("period_end > period_start", name="ends_after_start"),
        # What the worker looks for, again and again.
        sa.Index("ix_backtests_waiting", "id", postgresql_where=sa.text("status IN ('queued', 'running')")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[Status] = mapped_column(sa.Text)
    plan: Mapped[str | None]
    version: Mapped[int | None]
    terms: Mapped[dict[str, Any]]
    of_plan: Mapped[str | None]
    customers: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    timezone: Mapped[str]
    customers_total: Mapped[int]
    customers_done: Mapped[int]
    done_until: Mapped[str]
    result: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def progress(self) -> Decimal:
        """From 0 to 1, in hundredths."""
        if self.status == "completed":
            return Decimal(1)
        return Decimal(100 * self.customers_done // max(1, self.customers_total)) / 100


class BacktestCustomer(TenantRecord):
    """One customer's revenue in one currency, over all its subscriptions: rounded lines, before discounts and tax.

    `months`: {"month": "2026-01", "before", "after"} for each in which a billing period begins. `problem`: why it could
    not be priced under the terms; it has no part in any total then.
    """

    __tablename__ = "backtest_customers"
    __table_args__ = (
        sa.Index(None, "backtest_id", "change", "customer_id"),
        sa.Index(None, "backtest_id", "before", "customer_id"),
        sa.Index(None, "backtest_id", "after", "customer_id"),
    )

    backtest_id: Mapped[str] = mapped_column(sa.ForeignKey("backtests.id"), primary_key=True)
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customers.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str | None]
    name: Mapped[str]
    before: Mapped[Decimal] = mapped_column(sa.Numeric)
    after: Mapped[Decimal] = mapped_column(sa.Numeric)
    change: Mapped[Decimal] = mapped_column(sa.Numeric)
    months: Mapped[list[Any]]
    problem: Mapped[str | None]

    @property
    def change_percent(self) -> Decimal | None:
        """To two places; None where nothing was charged before."""
        return percent_of(self.change, self.before)


def percent_of(change: Decimal, before: Decimal) -> Decimal | None:
    """To two places, half up."""
    if before <= 0:
        return None
    return EXACT.quantize(EXACT.divide(EXACT.multiply(change, Decimal(100)), before), Decimal("0.01"))
