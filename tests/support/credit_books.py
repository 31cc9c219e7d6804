"""One customer's credits over a real PostgreSQL, in words short enough for stories, tables and state machines."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from justpaid import credits, ledger
from justpaid.accounts import create_organisation
from justpaid.customers import Customer, NewCustomer, create_customer
from justpaid.platform.database import Database

START = datetime(2024, 1, 1, tzinfo=UTC)
_invoices = itertools.count(1)


@dataclass
class CreditBooks:
    """`now` is moved by the test. Amounts go in and come out as text."""

    database: Database
    organisation_id: str
    customer_id: str
    now: datetime = START
    names: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.database.tenant(self.organisation_id) as session:
            yield session

    def grant(self, name: str, amount: Any, kind: credits.CreditKind = "prepaid", **more: Any) -> str:
        if (days := more.pop("days", None)) is not None:
            more["expires_at"] = (more.get("effective_at") or self.now) + timedelta(days=days)
        new = credits.NewGrant(amount=Decimal(amount), kind=kind, name=name, **more)
        with self.session() as session:
            customer = session.get_one(Customer, self.customer_id)
            self.names[name] = credits.grant_credits(session, customer, new, self.now).id
        return self.names[name]

    def draw(self, amount: Any, invoice_id: str | None = None, currency: str = "USD") -> tuple[str, Decimal]:
        """(invoice, what credits paid of it)."""
        invoice_id = invoice_id or f"inv-{next(_invoices)}"
        charge = credits.Charge(invoice_id, self.customer_id, currency, Decimal(amount))
        with self.session() as session:
            paid = credits.draw(session, self.organisation_id, [charge], self.now)
        return invoice_id, paid.get(invoice_id, Decimal(0))

    def give_back(self, invoice_id: str) -> None:
        with self.session() as session:
            credits.give_back(session, self.organisation_id, self.customer_id, invoice_id, self.now)

    def void(self, name: str) -> None:
        with self.session() as session:
            credits.void_grant(session, credits.find_grant(session, self.names[name]), self.now)

    def balance(self, currency: str = "USD") -> Decimal:
        with self.session() as session:
            found = credits.balances_of(session, self.organisation_id, self.customer_id, self.now)
        return next((one.usable for one in found if one.currency == currency), Decimal(0))

    def remaining(self) -> dict[str, Decimal]:
        with self.session() as session:
            grants = credits.list_grants(session, self.organisation_id, self.now, limit=1000)
        return {grant.name + ("'" if grant.rolled_from else ""): grant.remaining for grant in reversed(grants)}

    def accounts(self) -> dict[str, Decimal]:
        """The balance of each ledger account that has one: debits positive."""
        totals: dict[str, Decimal] = {}
        with self.session() as session:
            for entry in ledger.list_entries(session, self.customer_id, limit=10_000):
                for posting in entry.postings:
                    kind = posting.account.kind
                    totals[kind] = totals.get(kind, Decimal(0)) + posting.amount
        return {kind: total for kind, total in totals.items() if total}

    def check(self) -> None:
        with self.session() as session:
            assert ledger.check_ledger(session) + credits.check_credits(session) == []


def open_credit_books(database: Database, currency: str = "USD") -> CreditBooks:
    with database.system() as session:
        organisation_id = create_organisation(session, "Credits").test.id
    with database.tenant(organisation_id) as session:
        customer = create_customer(session, organisation_id, NewCustomer(external_id="acme", currency=currency))
    return CreditBooks(database, organisation_id, customer.id)
