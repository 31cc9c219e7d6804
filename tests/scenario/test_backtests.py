"""The worked example of docs/guides/backtests.md; and one that is cut off, called off, narrowed down, or misfits."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from justpaid import catalog, invoicing
from justpaid.insights import backtest as backtests
from justpaid.kernel.period import Period
from tests.scenario.conftest import Books

OpenBooks = Callable[..., Books]


class StopAfter:
    """Told to stop when it is asked for the n-th time, as a process that is shut down between two chunks."""

    def __init__(self, asked: int) -> None:
        self._left = asked

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


@pytest.fixture
def story(books: OpenBooks) -> Books:
    """Ann: 100 calls in January and 200 in February. Bob: 10 in January. Carl came on 15 February."""
    story = books()
    story.meter("calls", "sum", "quantity")
    base = {"key": "base", "model": "flat", "amount": "10"}
    calls = {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": "0.10"}
    story.plan("now", base, calls)
    with story.engines.database.tenant(story.organisation_id) as session:
        draft = [{**base, "amount": "20"}, {**calls, "unit_amount": "0.05"}]
        catalog.add_version(session, catalog.find_plan(session, "now"), {"prices": draft}, draft=True)
    for customer, start in (("ann", "2026-01-01"), ("bob", "2026-01-01"), ("carl", "2026-02-15")):
        story.customer(customer)
        story.subscribe(customer, "now", start, anchor="2026-01-01")
    story.use("ann", "2026-01-10", 100)
    story.use("ann", "2026-02-10", 200)
    story.use("bob", "2026-01-31 23:59", 10)
    story.today("2026-03-10")
    return story


def ask(story: Books, **asked: Any) -> str:
    period = Period(story.at("2026-01-01"), story.at("2026-03-01"))
    with story.engines.database.tenant(story.organisation_id) as session:
        new = backtests.NewBacktest(**{"period": period, **({} if "terms" in asked else {"plan": "now"}), **asked})
        return backtests.start_backtest(session, story.organisation_id, new, story.engines.clock.now()).id


def work(story: Books, **more: Any) -> int:
    assert story.engines.metering.drain(10)
    return backtests.run_waiting(story.engines.database, story.engines.metering, story.engines.clock, **more)


def told(story: Books, backtest_id: str) -> tuple[backtests.Backtest, list[tuple[str, Decimal, Decimal]]]:
    with story.engines.database.tenant(story.organisation_id) as session:
        backtest = backtests.find_backtest(session, backtest_id)
        rows = backtests.customers_of(session, backtest, sort="-change", limit=100)
        return backtest, [(row.external_id or "", row.before, row.after) for row in rows]


def dec(*figures: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, figures))


#: Bob 10 + 1 + 10 → 20 + 0.50 + 20; carl half of February; ann 10 + 10 + 10 + 20 → 20 + 5 + 20 + 10.
BY_CUSTOMER = [("bob", *dec("21", "40.5")), ("ann", *dec("50", "55")), ("carl", *dec("5", "10"))]


def test_the_example_of_the_guide(story: Books) -> None:
    asked = ask(story)
    assert work(story) == 1
    backtest, customers = told(story, asked)
    assert (backtest.status, backtest.progress, backtest.version) == ("completed", 1, 2)
    assert customers == BY_CUSTOMER
    (usd,) = backtest.result or ()
    totals = {"before": "76", "after": "105.5", "change": "29.5", "change_percent": "38.82"}
    assert {**usd, **totals} == usd
    assert (usd["customers"], usd["winners"], usd["losers"], usd["unchanged"]) == (3, 0, 3, 0)
    # January: ann 20 and bob 11 → 25 and 20.50. February: 30, 10, 5 → 30, 20, 10.
    assert [(month["month"], month["before"], month["after"]) for month in usd["months"]] == [
        ("2026-01", "31", "45.5"),
        ("2026-02", "45", "60"),
    ]
    assert usd["deciles"] == ["5"] * 6 + ["19.5"] * 3
    assert [(bar["from"], bar["to"], bar["customers"]) for bar in usd["histogram"]["bars"] if bar["customers"]] == [
        ("5", "10", 1),
        ("50", None, 2),
    ]


def test_before_is_what_the_invoices_said(story: Books) -> None:
    story.bill("2026-03-01")
    with story.engines.database.tenant(story.organisation_id) as session:
        billed: dict[str, Decimal] = {}
        for invoice in invoicing.list_invoices(session, limit=100):
            name = invoice.customer["external_id"]
            billed[name] = billed.get(name, Decimal(0)) + invoice.subtotal
    asked = ask(story, version=1)
    work(story)
    _, customers = told(story, asked)
    assert {name: before for name, before, _ in customers} == billed
    assert all(before == after for _, before, after in customers)


def test_one_that_was_cut_off_goes_on_and_says_the_same(story: Books) -> None:
    asked = ask(story)
    assert work(story, chunk=1, stopping=StopAfter(3)) == 0
    backtest, done = told(story, asked)
    assert (backtest.status, len(done)) == ("running", 2)
    assert backtest.progress == Decimal("0.66")
    assert work(story, chunk=1) == 1
    backtest, customers = told(story, asked)
    assert (backtest.status, customers) == ("completed", BY_CUSTOMER)


def test_only_some_customers_and_only_subscribers_of_a_plan(story: Books) -> None:
    story.plan("other", {"key": "flat", "model": "flat", "amount": "1"})
    story.customer("dora")
    story.subscribe("dora", "other", "2026-01-01")
    few, of_plan = ask(story, customers=["ann", "dora"]), ask(story, of_plan="now")
    assert work(story) == 2
    assert told(story, few)[1] == [("dora", *dec("2", "40")), ("ann", *dec("50", "55"))]
    assert told(story, of_plan)[1] == BY_CUSTOMER


def test_canceled_before_it_ran_and_terms_that_fit_nobody(story: Books) -> None:
    canceled = ask(story)
    with story.engines.database.tenant(story.organisation_id) as session:
        backtests.cancel_backtest(session, backtests.find_backtest(session, canceled), story.engines.clock.now())
    euros = {"currency": "EUR", "interval": "month", "prices": [{"key": "base", "model": "flat", "amount": "1"}]}
    misfit = ask(story, terms=euros)
    assert work(story) == 1
    assert told(story, canceled)[0].status == "canceled"
    backtest, _ = told(story, misfit)
    (usd,) = backtest.result or ()
    assert (usd["customers"], usd["not_priced"], usd["before"]) == (0, 3, "0")
