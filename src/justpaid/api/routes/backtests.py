"""Pricing the past again under other terms."""

import csv
import io
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.routes.invoices import CSV, file_response
from justpaid.api.schemas.backtests import BacktestCustomerOut, BacktestIn, BacktestOut
from justpaid.api.unit_of_work import Unit
from justpaid.insights import (
    BacktestCustomer,
    Sort,
    customers_of,
    find_backtest,
    rows_for_csv,
    start_backtest,
)
from justpaid.insights import cancel_backtest as cancel
from justpaid.insights import list_backtests as newest
from justpaid.kernel.decimals import plain
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.spreadsheets import as_text

router = new_router("backtests", "/v1/backtests")

Sorted = Annotated[Sort, Query(description="By which figure, from the least; with `-` from the greatest.")]


@router.post("", status_code=201)
def create_backtest(body: BacktestIn, unit: Unit) -> BacktestOut:
    """Price the usage of a past time again under a draft, another version or terms sent along. It runs by itself; ask
    for its progress."""
    return BacktestOut.of(start_backtest(unit.session, unit.organisation_id, body.asked(), unit.now()))


@router.get("")
def list_backtests(unit: Unit, paging: Paging) -> Page[BacktestOut]:
    """All backtests, newest first."""
    return paging.page(
        newest(unit.session, limit=paging.fetch, before_id=paging.before_id("bt")),
        BacktestOut.of,
    )


@router.get("/{backtest_id}")
def get_backtest(backtest_id: str, unit: Unit) -> BacktestOut:
    """Its progress, and once it is completed what it says."""
    return BacktestOut.of(find_backtest(unit.session, backtest_id))


@router.post("/{backtest_id}/cancel")
def cancel_backtest(backtest_id: str, unit: Unit) -> BacktestOut:
    """Stop it. Customers that are done can still be read."""
    return BacktestOut.of(cancel(unit.session, find_backtest(unit.session, backtest_id), unit.now()))


@router.get("/{backtest_id}/customers")
def list_backtest_customers(
    backtest_id: str,
    unit: Unit,
    sort: Sorted = "change",
    limit: Annotated[int, Query(ge=1, le=100, description="The most entries to return.")] = 50,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
) -> Page[BacktestCustomerOut]:
    """Customer by customer: who would have paid less first, unless sorted otherwise."""
    start = _offset(cursor)
    found = customers_of(
        unit.session, find_backtest(unit.session, backtest_id), sort=sort, limit=limit + 1, offset=start
    )
    return Page(
        data=[BacktestCustomerOut.of(one) for one in found[:limit]],
        next_cursor=_cursor(start + limit) if len(found) > limit else None,
    )


@router.get("/{backtest_id}/customers.csv", response_class=Response, responses=file_response(CSV))
def get_backtest_csv(backtest_id: str, unit: Unit, sort: Sorted = "change") -> Response:
    """All customers as a table."""
    backtest = find_backtest(unit.session, backtest_id)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["customer_id", "external_id", "name", "currency", "before", "after", "change", "change_percent", "problem"]
    )
    writer.writerows(_cells(one) for one in rows_for_csv(unit.session, backtest, sort))
    headers = {"Content-Disposition": f'attachment; filename="{backtest.id}.csv"'}
    return Response(text.getvalue(), headers=headers, media_type=CSV)


def _cells(one: BacktestCustomer) -> list[str]:
    percent = one.change_percent
    figures = [plain(one.before), plain(one.after), plain(one.change), "" if percent is None else plain(percent)]
    texts = [as_text(one.external_id or ""), as_text(one.name), one.currency]
    return [one.customer_id, *texts, *figures, as_text(one.problem or "")]


def _cursor(offset: int) -> str:
    return urlsafe_b64encode(str(offset).encode()).decode().rstrip("=")


def _offset(cursor: str | None) -> int:
    """Raises: InvalidRequest."""
    if cursor is None:
        return 0
    try:
        offset = int(urlsafe_b64decode(cursor.encode("ascii") + b"==").decode("ascii"))
    except ValueError:
        offset = -1
    if not 0 <= offset < 2**31:
        raise InvalidRequest.of("cursor", "is none of this list's: send next_cursor as it came, or leave it out")
    return offset
