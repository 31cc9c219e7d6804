"""What each thing that happens to credits means in the ledger: which accounts, and on which side."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from justpaid.credits.burn_down import has_expired
from justpaid.credits.tables import CreditGrant, CreditKind
from justpaid.ledger import AccountKind, NewEntry, Posting, credit, debit

#: Where a kind of credit is held, where it comes from, and where it goes if it expires.
HELD: Final[dict[CreditKind, AccountKind]] = {
    "prepaid": "prepaid_credits",
    "promotional": "promotional_credits",
    "carry_over": "prepaid_credits",
}
_SOURCE: Final[dict[CreditKind, AccountKind]] = {
    "prepaid": "payments_clearing",
    "promotional": "promotional_allowance",
    "carry_over": "accounts_receivable",
}
_EXPIRED: Final[dict[CreditKind, AccountKind]] = {
    "prepaid": "breakage_revenue",
    "promotional": "promotional_allowance",
    "carry_over": "breakage_revenue",
}

Part = tuple[CreditGrant, Decimal]


def granted(grant: CreditGrant, at: datetime) -> NewEntry:
    postings = debit(_SOURCE[grant.kind], grant.amount), _put_in(grant, grant.amount)
    return _entry(grant, "credit_grant", grant.id, at, postings)


def voided(grant: CreditGrant, amount: Decimal, at: datetime) -> NewEntry:
    """Prepaid money is owed back; a promotion costs nothing any more."""
    return _entry(grant, "credit_void", grant.id, at, [_taken_out(grant, amount), credit(_SOURCE[grant.kind], amount)])


def expired(grant: CreditGrant, amount: Decimal, at: datetime, rolled: CreditGrant | None) -> NewEntry:
    """`rolled`: the grant in which a part goes on."""
    postings = [_taken_out(grant, amount)]
    if rolled is not None:
        postings.append(_put_in(rolled, rolled.amount))
        amount -= rolled.amount
    if amount:
        postings.append(credit(_EXPIRED[grant.kind], amount))
    return _entry(grant, "credit_expiry", grant.id, at, postings)


def drawn(invoice_id: str, parts: Sequence[Part], at: datetime) -> NewEntry:
    paid = sum((amount for _, amount in parts), Decimal(0))
    postings = [*(_taken_out(*part) for part in parts), credit("accounts_receivable", paid)]
    return _entry(parts[0][0], "credit_draw", invoice_id, at, postings)


def given_back(invoice_id: str, parts: Iterable[Part], at: datetime) -> NewEntry:
    """To the grants it came from; what came from one that is void or has expired by now goes where that went."""
    parts = list(parts)
    postings = [debit("accounts_receivable", sum((amount for _, amount in parts), Decimal(0)))]
    for grant, amount in parts:
        if grant.voided_at is not None:
            postings.append(credit(_SOURCE[grant.kind], amount))
        elif has_expired(grant, at):
            postings.append(credit(_EXPIRED[grant.kind], amount))
        else:
            postings.append(_put_in(grant, amount))
    return _entry(parts[0][0], "credit_return", invoice_id, at, postings)


def _put_in(grant: CreditGrant, amount: Decimal) -> Posting:
    return credit(HELD[grant.kind], amount, grant.id)


def _taken_out(grant: CreditGrant, amount: Decimal) -> Posting:
    return debit(HELD[grant.kind], amount, grant.id)


def _entry(grant: CreditGrant, reason: str, reference: str, at: datetime, postings: Sequence[Posting]) -> NewEntry:
    return NewEntry(grant.customer_id, grant.currency, reason, reference, at, postings)
