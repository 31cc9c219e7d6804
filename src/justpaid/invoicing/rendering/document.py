"""What is printed on an invoice: plain values, complete in themselves, so that rendering asks nobody anything.

Amounts are in major units of the document's currency. `discount`, `credits_applied` and `amount_paid` are positive
numbers that reduce what is owed. Line amounts and totals come rounded; step amounts may be exact.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from justpaid.kernel.period import Period


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells, or who is billed."""

    name: str
    address_lines: tuple[str, ...] = ()
    email: str | None = None
    tax_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentStep:
    """One step of a line's arithmetic, such as a tier; a fixed fee has neither quantity nor rate."""

    description: str
    quantity: Decimal | None
    unit_amount: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """`groups` breaks the quantity down by dimension values, as (label, quantity). `heading` is the plan's name, on an
    invoice of several subscriptions."""

    description: str
    price_key: str | None
    meter: str | None
    quantity: Decimal | None
    unit_amount: Decimal | None
    amount: Decimal
    period: Period
    steps: tuple[DocumentStep, ...] = ()
    groups: tuple[tuple[str, Decimal], ...] = ()
    heading: str | None = None

    @property
    def telling_steps(self) -> tuple[DocumentStep, ...]:
        """The steps, unless there is one that only says again what the line says."""
        match self.steps:
            case (only,) if (only.quantity, only.unit_amount) == (self.quantity, self.unit_amount):
                return ()
        return self.steps


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """`number` is None until finalisation; `timezone` is the IANA zone dates print in; `cutoff` the last entry billed.

    `locale` decides the language of what is printed around the text, and how numbers and dates look; `logo` is a PNG or
    JPEG. `status` draft and void are marked across every page, paid beside the number; any other status is not printed.
    `taxes` are (name with percentage, amount, whether prices contain it); `credits_invoice` the number of the invoice
    that a credit note credits. `cutoff` is None where no usage was counted.
    """

    number: str | None
    status: str
    seller: Party
    customer: Party
    currency: str
    period: Period
    timezone: str
    issued_at: datetime | None
    due_at: datetime | None
    lines: tuple[DocumentLine, ...]
    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    credits_applied: Decimal
    total: Decimal
    amount_paid: Decimal
    amount_due: Decimal
    cutoff: int | None
    memo: str | None = None
    locale: str = "en"
    logo: bytes | None = None
    kind: Literal["invoice", "credit_note"] = "invoice"
    po_number: str | None = None
    credits_invoice: str | None = None
    taxes: tuple[tuple[str, Decimal, bool], ...] = ()
    carried_over: Decimal = Decimal(0)
    amount_credited: Decimal = Decimal(0)
    reverse_charge: bool = False

    def headings(self) -> list[str | None]:
        """By line, the heading to print above it; "" above what belongs to no plan, where others do."""
        named = any(line.heading for line in self.lines)
        found: list[str | None] = []
        last: str | None = None
        for line in self.lines:
            heading = (line.heading or "") if named else None
            found.append(heading if heading != last else None)
            last = heading
        return found
