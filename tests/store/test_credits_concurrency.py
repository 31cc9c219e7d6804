"""Twenty at once on one customer's credits: nothing is spent twice, and nobody waits for ever."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from justpaid import credits
from justpaid.customers import Customer
from justpaid.kernel.errors import Conflict
from justpaid.platform.database import Database
from justpaid.platform.embedded_postgres import EmbeddedPostgres
from tests.support.credit_books import CreditBooks, open_credit_books


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("credits") / "postgres") as url:
        database = Database(url, pool_size=20)
        database.migrate()
        yield database
        database.close()


@pytest.fixture
def books(database: Database) -> CreditBooks:
    return open_credit_books(database)


def at_once(*tasks: Callable[[], object]) -> list[object]:
    with ThreadPoolExecutor(len(tasks)) as pool:
        return [each.result(60) for each in [pool.submit(task) for task in tasks]]


def test_twenty_draws_share_what_is_there(books: CreditBooks) -> None:
    books.grant("paid", 100)
    books.grant("given", 35, "promotional")
    paid = at_once(*[lambda: books.draw(10)[1]] * 20)
    assert sum(paid, start=Decimal(0)) == 135  # type: ignore[arg-type]
    assert books.balance() == 0
    books.check()


def test_draws_returns_voids_grants_and_expiry_side_by_side(books: CreditBooks) -> None:
    """What was granted is drawn, left, voided or expired; in every order that may happen."""
    for n in range(5):
        books.grant(f"g{n}", 40)
    rollover = credits.Rollover(percent=Decimal(100))
    books.grant("short", 20, days=1, rollover=rollover)
    before = [books.draw(10)[0] for _ in range(4)]
    books.now += timedelta(days=1)  # from here on whoever comes first posts the expiry

    def void(name: str) -> None:
        try:
            books.void(name)
        except Conflict:
            pass  # a draw emptied it first

    at_once(
        *[lambda: books.draw(25) for _ in range(8)],
        *[lambda invoice=invoice: books.give_back(invoice) for invoice in before],  # type: ignore[misc]
        *[lambda name=name: void(name) for name in ("g1", "g3")],  # type: ignore[misc]
        *[lambda n=n: books.grant(f"new{n}", 15, "promotional") for n in range(4)],  # type: ignore[misc]
        books.balance,
        books.remaining,
    )
    books.check()
    assert sum(books.remaining().values()) == books.balance()
    assert sum(books.accounts().values()) == 0


def test_twenty_draws_below_the_threshold_order_one_top_up(books: CreditBooks) -> None:
    books.grant("paid", 200)
    rule = credits.NewTopUpRule(threshold=Decimal(50), amount=Decimal(100))
    with books.session() as session:
        credits.set_top_up_rule(session, session.get_one(Customer, books.customer_id), rule, books.now)
    at_once(*[lambda: books.draw(9)] * 20)
    with books.session() as session:
        (due,) = credits.list_top_ups(session, limit=10)

    def pay() -> bool:
        with books.session() as session:
            try:
                credits.record_payment(session, credits.find_top_up(session, due.id), books.now)
            except Conflict:
                return False
            return True

    assert at_once(*[pay] * 20).count(True) == 1
    assert books.balance() == 120
    books.check()
