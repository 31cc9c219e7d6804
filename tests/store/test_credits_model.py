"""Whatever is granted, drawn, given back, voided and left to expire: credits are those of a small model."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from justpaid.credits import Rollover
from justpaid.kernel.errors import Conflict
from justpaid.platform.database import Database
from justpaid.platform.embedded_postgres import EmbeddedPostgres
from tests.support.credit_books import START, open_credit_books


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("credits") / "postgres") as url:
        database = Database(url)
        database.migrate()
        yield database
        database.close()


@dataclass
class Purse:
    """A grant as the model has it, in cents. `days` from the start; `roll` halves what is left, for five days more."""

    name: str
    order: int
    promotional: bool
    priority: int
    start: int
    end: int | None
    left: int
    roll: bool = False
    void: bool = False


class Model:
    def __init__(self) -> None:
        self.today = 0
        self.purses: list[Purse] = []
        self.drawn: dict[str, list[tuple[Purse, int]]] = {}

    def expired(self, purse: Purse) -> bool:
        return purse.end is not None and purse.end <= self.today

    def wait(self, days: int) -> None:
        for _ in range(days):
            self.today += 1
            for purse in list(self.purses):
                if self.expired(purse) and purse.left:
                    rolled, purse.left = ((purse.left + 1) // 2 if purse.roll else 0), 0
                    if rolled and purse.end is not None:
                        name = f"{purse.name}'"
                        end = purse.end + 5
                        self.purses.append(
                            Purse(name, len(self.purses), purse.promotional, purse.priority, purse.end, end, rolled)
                        )

    def draw(self, invoice: str, amount: int) -> int:
        usable = [p for p in self.purses if p.left and p.start <= self.today and not self.expired(p)]
        usable.sort(key=lambda p: (p.priority, 10**6 if p.end is None else p.end, not p.promotional, p.start, p.order))
        parts = []
        for purse in usable:
            part = min(purse.left, amount)
            if part:
                purse.left -= part
                amount -= part
                parts.append((purse, part))
        if parts:
            self.drawn[invoice] = parts
        return sum(part for _, part in parts)

    def give_back(self, invoice: str) -> None:
        for purse, part in self.drawn.pop(invoice):
            if not purse.void and not self.expired(purse):
                purse.left += part


class CreditsMachine(RuleBasedStateMachine):
    database: Database

    @initialize()
    def open(self) -> None:
        self.books = open_credit_books(self.database)
        self.model = Model()
        self.invoices = 0
        # Some to start from: two that only their kind tells apart, and one that rolls over.
        self.grant(300, False, 50, 0, None, False)
        self.grant(200, True, 50, 0, None, False)
        self.grant(99, False, 50, 0, 4, True)

    def at(self, days: int) -> datetime:
        return START + timedelta(days=days)

    @rule(
        # Few values, so that grants often tie in one rank and the next has to decide.
        cents=st.integers(1, 300),
        promotional=st.booleans(),
        priority=st.sampled_from([50, 1]),
        wait=st.sampled_from([0, 2]),
        days=st.sampled_from([None, 4, 7]),
        roll=st.booleans(),
    )
    def grant(self, cents: int, promotional: bool, priority: int, wait: int, days: int | None, roll: bool) -> None:
        name = f"g{len(self.model.purses)}"
        start = self.model.today + wait
        roll = roll and days is not None
        end = None if days is None else start + days
        self.books.grant(
            name,
            Decimal(cents) / 100,
            "promotional" if promotional else "prepaid",
            priority=priority,
            effective_at=self.at(start),
            expires_at=None if end is None else self.at(end),
            rollover=Rollover(percent=Decimal(50), expires_after_days=5) if roll else None,
        )
        self.model.purses.append(Purse(name, len(self.model.purses), promotional, priority, start, end, cents, roll))

    @rule(cents=st.integers(-10, 400))
    def draw(self, cents: int) -> None:
        self.invoices += 1
        invoice = f"{self.books.organisation_id}-{self.invoices}"
        _, paid = self.books.draw(Decimal(cents) / 100, invoice)
        assert paid * 100 == self.model.draw(invoice, max(cents, 0))

    @precondition(lambda self: self.model.drawn)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        invoice = data.draw(st.sampled_from(sorted(self.model.drawn)))
        self.books.give_back(invoice)
        self.model.give_back(invoice)

    @precondition(lambda self: self.books.names)
    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.books.names)))
        (purse,) = [one for one in self.model.purses if one.name == name]
        if purse.left:
            self.books.void(name)
            purse.left, purse.void = 0, True
        else:
            with pytest.raises(Conflict):
                self.books.void(name)

    @rule(days=st.integers(1, 6))
    def wait(self, days: int) -> None:
        self.model.wait(days)
        self.books.now = self.at(self.model.today)

    @invariant()
    def the_books_are_the_models(self) -> None:
        left = {purse.name: Decimal(purse.left) / 100 for purse in self.model.purses}
        assert self.books.remaining() == left
        now = self.model.today
        usable = [purse.left for purse in self.model.purses if purse.start <= now]
        assert self.books.balance() == Decimal(sum(usable)) / 100
        self.books.check()


def test_credits_are_those_of_the_model(database: Database) -> None:
    CreditsMachine.database = database
    machine = CreditsMachine.TestCase
    machine.settings = settings(
        max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )
    machine().runTest()
