"""Read backtests back."""

from collections.abc import Iterator, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.insights.backtest.tables import Backtest, BacktestCustomer, Sort
from justpaid.kernel.errors import NotFound
from justpaid.platform.finding import newest_first

_COLUMNS: Final = {
    "change": BacktestCustomer.change,
    "before": BacktestCustomer.before,
    "after": BacktestCustomer.after,
}


def find_backtest(session: Session, backtest_id: str) -> Backtest:
    """Raises: NotFound."""
    backtest = session.get(Backtest, backtest_id)
    if backtest is None:
        raise NotFound.of("backtest", backtest_id)
    return backtest


def list_backtests(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[Backtest]:
    """Newest first; those made before `before_id` where it is given."""
    return newest_first(session, sa.select(Backtest), Backtest.id, limit, before_id)


def customers_of(
    session: Session, backtest: Backtest, *, sort: Sort, limit: int, offset: int = 0
) -> Sequence[BacktestCustomer]:
    """`sort` by a figure, from the least, or with `-` from the greatest; then by customer id."""
    column = _COLUMNS[sort.removeprefix("-")]
    query = sa.select(BacktestCustomer).where(BacktestCustomer.backtest_id == backtest.id)
    order = column.desc() if sort.startswith("-") else column.asc()
    query = query.order_by(order, BacktestCustomer.customer_id, BacktestCustomer.currency)
    return session.scalars(query.limit(limit).offset(offset)).all()


def rows_for_csv(session: Session, backtest: Backtest, sort: Sort) -> Iterator[BacktestCustomer]:
    """All of them, read as they are taken."""
    column = _COLUMNS[sort.removeprefix("-")]
    order = column.desc() if sort.startswith("-") else column.asc()
    query = sa.select(BacktestCustomer).where(BacktestCustomer.backtest_id == backtest.id)
    query = query.order_by(order, BacktestCustomer.customer_id, BacktestCustomer.currency)
    yield from session.scalars(query.execution_options(yield_per=1000))
