"""Twenty at once over one subscription: runs, finalisations, voids, credits and changes leave one consistent result."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from justpaid import contracts, credits, customers, invoicing, ledger
from justpaid.kernel.errors import JustPaidError
from tests.scenario.conftest import Books

OpenBooks = Callable[..., Books]
MONTHS = 6


def test_twenty_at_once_over_one_subscription(books: OpenBooks) -> None:
    story = books()
    story.meter("calls", "sum", "quantity")
    story.plan(
        "pro",
        {"key": "seats", "model": "seats", "unit_amount": "3"},
        {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": "0.10"},
    )
    story.customer("acme")
    subscription = story.subscribe("acme", "pro", "2026-01-01", seats=2)
    for month in range(1, MONTHS + 1):
        story.use("acme", f"2026-{month:02}-10", 100)
    story.today("2026-07-01")
    database, metering, now = story.engines.database, story.engines.metering, story.engines.clock.now()

    def run(finalize: bool) -> None:
        invoicing.run_billing(
            database, metering, story.engines.clock, story.organisation_id, as_of=now, finalize=finalize, chunk=2
        )

    def each_invoice(act: Callable[..., object]) -> None:
        with database.tenant(story.organisation_id) as session:
            ids = [invoice.id for invoice in invoicing.list_invoices(session, limit=100)]
        for invoice_id in ids:
            with database.tenant(story.organisation_id) as session:
                act(session, invoicing.find_invoice(session, invoice_id))

    def grant() -> None:
        with database.tenant(story.organisation_id) as session:
            new = credits.NewGrant(amount=Decimal(7), kind="prepaid")
            credits.grant_credits(session, customers.find_customer(session, "acme"), new, now)

    def seats(number: int) -> None:
        with database.tenant(story.organisation_id) as session:
            found = contracts.find_subscription(session, subscription)
            contracts.change(session, found, at="now", now=now, seats=number)

    acts: list[Callable[[], object]] = []
    for number in range(4):
        acts += [
            lambda number=number: run(finalize=number % 2 == 0),  # type: ignore[misc]
            lambda: each_invoice(lambda session, one: invoicing.finalize_invoice(session, metering, one, now)),
            lambda: each_invoice(lambda session, one: invoicing.void_invoice(session, one, now)),
            grant,
            lambda number=number: seats(number + 1),  # type: ignore[misc]
        ]

    def attempt(act: Callable[[], object]) -> None:
        try:
            act()
        except JustPaidError:
            pass  # refused, as somebody was quicker: that is one of the right ends

    with ThreadPoolExecutor(len(acts)) as at_once:
        list(at_once.map(attempt, acts))  # anything else that is raised fails here
    run(finalize=True)

    story.check()
    with database.tenant(story.organisation_id) as session:
        assert ledger.check_ledger(session) + credits.check_credits(session) == []
        invoices = invoicing.list_invoices(session, limit=100)
        numbers = sorted(invoice.number or "" for invoice in invoices)
        periods = {(invoice.period_start, invoice.period_end) for invoice in invoices}
        assert numbers == [f"INV-{number:06}" for number in range(1, MONTHS + 1)]
        assert len(periods) == MONTHS
        held = sum(grant.remaining for grant in credits.list_grants(session, story.organisation_id, now, limit=100))
        drawn = sum(invoice.credits_applied for invoice in invoices if invoice.status != "void")
        assert held + drawn == 4 * 7
