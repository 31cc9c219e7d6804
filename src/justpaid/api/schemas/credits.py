"""Credit grants, balances, the ledger and top-ups on the wire."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from justpaid.api.schemas.lines import BilledAmount, billed
from justpaid.api.values import ExactDecimal, Input, Instant, Output, PlainDecimal
from justpaid.credits import HELD, Balance, CreditGrant, CreditKind, GrantAt, GrantStatus, TopUp, TopUpRule, TopUpStatus
from justpaid.credits import status_of as status_of_grant
from justpaid.ledger import AccountKind, LedgerEntry, LedgerPosting

_CUSTOMER = Field(description="Id, external id or alias of a customer.", examples=["acme"])
_CURRENCY = Field(default=None, description="ISO 4217; defaults to the customer's.", examples=["USD"])
_DAYS = Field(default=None, strict=True, description="Days after which what is granted expires; null: never.")


class RolloverIn(Input):
    """What goes on in a new grant of the same kind and priority when this one expires. It happens once."""

    percent: ExactDecimal = Field(description="Of what is left at expiry: more than 0, at most 100.", examples=["50"])
    maximum: ExactDecimal | None = Field(default=None, description="The most that rolls over; null: no limit.")
    expires_after_days: int | None = _DAYS


class CreditGrantIn(Input):
    customer_id: str = _CUSTOMER
    amount: ExactDecimal = Field(description="In major units of the currency.", examples=["100.00"])
    kind: Literal["prepaid", "promotional"] = Field(description="Paid for by the customer, or given.")
    currency: str | None = _CURRENCY
    name: str = Field(default="", description="For people.", examples=["Welcome credits"])
    priority: int = Field(default=50, strict=True, description="0 to 100; the lowest is drawn first.")
    effective_at: Instant | None = Field(default=None, description="From when it can be drawn; defaults to now.")
    expires_at: Instant | None = Field(default=None, description="From when it can't any more; null: never.")
    rollover: RolloverIn | None = None


class RolloverOut(Output):
    percent: PlainDecimal
    maximum: BilledAmount | None
    expires_after_days: int | None


class CreditGrantOut(Output):
    """`remaining` is what can still be drawn of `amount`."""

    id: str
    customer_id: str
    currency: str
    kind: CreditKind = Field(description="carry_over: left by an invoice below zero or a credit note.")
    name: str
    status: GrantStatus
    amount: BilledAmount
    remaining: BilledAmount
    priority: int
    effective_at: Instant
    expires_at: Instant | None
    rollover: RolloverOut | None
    rolled_from: str | None = Field(description="The expired grant of which this is what rolled over.")
    voided_at: Instant | None
    created_at: Instant

    @classmethod
    def of(cls, grant: CreditGrant, now: datetime) -> "CreditGrantOut":
        same = cls.model_fields.keys() - {"status", "amount", "remaining", "rollover"}
        return cls(
            status=status_of_grant(grant, now),
            amount=billed(grant.amount, grant.currency),
            remaining=billed(grant.remaining, grant.currency),
            rollover=_rollover(grant),
            **{name: getattr(grant, name) for name in same},
        )


def _rollover(grant: CreditGrant) -> RolloverOut | None:
    if grant.rollover_percent is None:
        return None
    maximum = None if grant.rollover_maximum is None else billed(grant.rollover_maximum, grant.currency)
    return RolloverOut(percent=grant.rollover_percent, maximum=maximum, expires_after_days=grant.rollover_days)


class BalanceOut(Output):
    """In one currency. `balance` = `prepaid` + `promotional` = `pending` + `available`."""

    currency: str
    balance: BilledAmount = Field(description="What can be drawn now, by the ledger.")
    prepaid: BilledAmount
    promotional: BilledAmount
    pending: BilledAmount = Field(
        description="What of it drafts, periods that wait to be billed, and the running ones as estimated would draw."
    )
    available: BilledAmount = Field(description="What is left then.")
    uncovered: BilledAmount = Field(description="What those would ask for beyond the balance.")
    scheduled: BilledAmount = Field(description="Granted, but not effective yet.")

    @classmethod
    def of(cls, balance: Balance, asked: Decimal) -> "BalanceOut":
        pending = min(balance.usable, asked)
        amounts = {
            "balance": balance.usable,
            "prepaid": balance.prepaid,
            "promotional": balance.promotional,
            "pending": pending,
            "available": balance.usable - pending,
            "uncovered": asked - pending,
            "scheduled": balance.scheduled,
        }
        return cls(
            currency=balance.currency,
            **{name: billed(amount, balance.currency) for name, amount in amounts.items()},
        )


class BalancesOut(Output):
    """One entry for the customer's own currency and for each that it was granted credits in."""

    customer_id: str
    as_of: Instant
    data: list[BalanceOut]

    @classmethod
    def of(
        cls, customer_id: str, own: str, balances: Iterable[Balance], asked: Mapping[str, Decimal], now: datetime
    ) -> "BalancesOut":
        by_currency = {own: Balance(own)} | {balance.currency: balance for balance in balances}
        shown = [BalanceOut.of(one, asked.get(currency, Decimal(0))) for currency, one in sorted(by_currency.items())]
        return cls(customer_id=customer_id, as_of=now, data=shown)


class PostingOut(Output):
    account: AccountKind
    amount: BilledAmount = Field(description="A debit is positive, a credit negative.")
    grant_id: str | None

    @classmethod
    def of(cls, posting: LedgerPosting, currency: str) -> "PostingOut":
        return cls(account=posting.account.kind, amount=billed(posting.amount, currency), grant_id=posting.subject)


class LedgerEntryOut(Output):
    """One thing that happened. Its postings sum to zero."""

    id: str
    reason: str = Field(examples=["credit_draw"])
    reference: str = Field(description="The invoice or grant that it is about.")
    currency: str
    change: BilledAmount = Field(description="By how much the customer's credits grew, or shrank where negative.")
    effective_at: Instant
    recorded_at: Instant
    postings: list[PostingOut]

    @classmethod
    def of(cls, entry: LedgerEntry) -> "LedgerEntryOut":
        held = [posting.amount for posting in entry.postings if posting.account.kind in HELD.values()]
        return cls(
            id=entry.id,
            reason=entry.reason,
            reference=entry.reference,
            currency=entry.currency,
            change=billed(-sum(held, Decimal(0)), entry.currency),
            effective_at=entry.effective_at,
            recorded_at=entry.recorded_at,
            postings=[PostingOut.of(posting, entry.currency) for posting in entry.postings],
        )


class TopUpRuleIn(Input):
    customer_id: str = _CUSTOMER
    threshold: ExactDecimal = Field(description="Top up when less than this is available.", examples=["20.00"])
    amount: ExactDecimal = Field(description="By how much; at least the threshold.", examples=["100.00"])
    currency: str | None = _CURRENCY
    grant_at: GrantAt = Field(default="payment", description="Grant the credits with the payment, or at once.")
    expires_after_days: int | None = _DAYS


class TopUpRuleOut(Output):
    customer_id: str
    currency: str
    threshold: BilledAmount
    amount: BilledAmount
    grant_at: GrantAt
    expires_after_days: int | None
    updated_at: Instant

    @classmethod
    def of(cls, rule: TopUpRule) -> "TopUpRuleOut":
        same = cls.model_fields.keys() - {"threshold", "amount"}
        return cls(
            threshold=billed(rule.threshold, rule.currency),
            amount=billed(rule.amount, rule.currency),
            **{name: getattr(rule, name) for name in same},
        )


class TopUpRulesOut(Output):
    data: list[TopUpRuleOut]


class TopUpIn(Input):
    customer_id: str = _CUSTOMER
    amount: ExactDecimal = Field(description="In major units of the currency.", examples=["100.00"])
    currency: str | None = _CURRENCY
    expires_after_days: int | None = _DAYS


class TopUpOut(Output):
    """`grant_id` is null until its credits are granted; `invoice_id` is the invoice that charges it."""

    id: str
    customer_id: str
    currency: str
    amount: BilledAmount
    automatic: bool = Field(description="Ordered by a rule, not by hand.")
    status: TopUpStatus
    expires_after_days: int | None
    grant_id: str | None
    invoice_id: str | None
    paid_at: Instant | None
    canceled_at: Instant | None
    created_at: Instant

    @classmethod
    def of(cls, top_up: TopUp, invoice_id: str | None) -> "TopUpOut":
        same = cls.model_fields.keys() - {"amount", "invoice_id"}
        return cls(
            amount=billed(top_up.amount, top_up.currency),
            invoice_id=invoice_id,
            **{name: getattr(top_up, name) for name in same},
        )
