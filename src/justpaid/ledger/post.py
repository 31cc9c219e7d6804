"""Post entries: many at once, each balanced, with the accounts they need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from justpaid.kernel.decimals import EXACT
from justpaid.kernel.ids import new_id
from justpaid.kernel.money import round_to_minor
from justpaid.ledger.tables import AccountKind, LedgerAccount, LedgerEntry, LedgerPosting

_AccountKey = tuple[str, str, AccountKind]


class Unbalanced(ValueError):
    """The postings of an entry do not sum to zero, or are fewer than two: a mistake of ours."""


@dataclass(frozen=True, slots=True)
class Posting:
    """Made by `debit` and `credit`, so that nobody has to think of signs."""

    account: AccountKind
    amount: Decimal
    subject: str | None = None


def debit(account: AccountKind, amount: Decimal, subject: str | None = None) -> Posting:
    return Posting(account, amount, subject)


def credit(account: AccountKind, amount: Decimal, subject: str | None = None) -> Posting:
    return Posting(account, -amount, subject)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """All of one customer in one currency. Raises: Unbalanced."""

    customer_id: str
    currency: str
    reason: str
    reference: str
    effective_at: datetime
    postings: Sequence[Posting]

    def __post_init__(self) -> None:
        balance = Decimal(0)
        for posting in self.postings:
            if not posting.amount or round_to_minor(posting.amount, self.currency) != posting.amount:
                raise Unbalanced(f"{posting.amount} is no amount in the minor unit of {self.currency}")
            balance = EXACT.add(balance, posting.amount)
        if balance or len(self.postings) < 2:
            raise Unbalanced(f"{self.reason} {self.reference}: {len(self.postings)} postings that sum to {balance}")


def post(session: Session, organisation_id: str, entries: Sequence[NewEntry]) -> None:
    """Raises: IntegrityError if one of them is entered already."""
    if not entries:
        return
    accounts = _accounts(session, organisation_id, entries)
    ids = [new_id("entry") for _ in entries]
    session.execute(
        sa.insert(LedgerEntry),
        [
            {
                "id": id,
                "organisation_id": organisation_id,
                "customer_id": entry.customer_id,
                "currency": entry.currency,
                "reason": entry.reason,
                "reference": entry.reference,
                "effective_at": entry.effective_at,
            }
            for id, entry in zip(ids, entries, strict=True)
        ],
    )
    session.execute(
        sa.insert(LedgerPosting),
        [
            {
                "entry_id": id,
                "position": position,
                "organisation_id": organisation_id,
                "account_id": accounts[entry.customer_id, entry.currency, posting.account],
                "amount": posting.amount,
                "subject": posting.subject,
            }
            for id, entry in zip(ids, entries, strict=True)
            for position, posting in enumerate(entry.postings, 1)
        ],
    )


def _accounts(session: Session, organisation_id: str, entries: Sequence[NewEntry]) -> dict[_AccountKey, str]:
    """The ids of the accounts that the entries need; those that are missing are opened."""
    needed = {(entry.customer_id, entry.currency, posting.account) for entry in entries for posting in entry.postings}
    found = _find(session, needed)
    missing = sorted(needed - found.keys())
    if not missing:
        return found
    rows = [
        {
            "id": new_id("acct"),
            "organisation_id": organisation_id,
            "customer_id": customer_id,
            "currency": currency,
            "kind": kind,
        }
        for customer_id, currency, kind in missing
    ]
    # In order, so that two transactions which open the same accounts wait for each other in one direction only.
    session.execute(insert(LedgerAccount).values(rows).on_conflict_do_nothing())
    return _find(session, needed)


def _find(session: Session, needed: set[_AccountKey]) -> dict[_AccountKey, str]:
    query = sa.select(LedgerAccount.customer_id, LedgerAccount.currency, LedgerAccount.kind, LedgerAccount.id).where(
        LedgerAccount.customer_id.in_({customer_id for customer_id, _, _ in needed})
    )
    return {(customer_id, currency, kind): id for customer_id, currency, kind, id in session.execute(query)}
