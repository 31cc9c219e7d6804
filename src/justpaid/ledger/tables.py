"""Accounts, entries and postings. Rows are only ever added; triggers of the migration refuse anything else."""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from justpaid.platform.database import TenantRecord

AccountKind = Literal[
    "accounts_receivable",
    "payments_clearing",
    "prepaid_credits",
    "promotional_credits",
    "promotional_allowance",
    "breakage_revenue",
]
_KINDS: Final = ", ".join(f"'{kind}'" for kind in get_args(AccountKind))


class LedgerAccount(TenantRecord):
    """One account of one customer in one currency. README.md says what each kind holds."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        # Foreign keys do not obey row-level security, so each names the organisation itself.
        sa.ForeignKeyConstraint(["organisation_id", "customer_id"], ["customers.organisation_id", "customers.id"]),
        sa.UniqueConstraint("organisation_id", "customer_id", "currency", "kind"),
        sa.UniqueConstraint("organisation_id", "id"),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    currency: Mapped[str]
    kind: Mapped[AccountKind] = mapped_column(sa.Text)


class LedgerEntry(TenantRecord):
    """One thing that happened, with the postings that balance. `reason` says what, `reference` to which record."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        sa.ForeignKeyConstraint(["organisation_id", "customer_id"], ["customers.organisation_id", "customers.id"]),
        sa.UniqueConstraint("organisation_id", "reason", "reference"),
        sa.UniqueConstraint("organisation_id", "id"),
        sa.Index(None, "organisation_id", "customer_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    currency: Mapped[str]
    reason: Mapped[str]
    reference: Mapped[str]
    effective_at: Mapped[datetime]
    # The transaction's own time: the database lets postings join their entry in no other transaction.
    recorded_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    postings: Mapped[list["LedgerPosting"]] = relationship(order_by="LedgerPosting.position", viewonly=True)


class LedgerPosting(TenantRecord):
    """`amount`: a debit is positive, a credit negative. `subject`: the record within the account, such as a grant."""

    __tablename__ = "ledger_postings"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["organisation_id", "entry_id"], ["ledger_entries.organisation_id", "ledger_entries.id"]
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"], ["ledger_accounts.organisation_id", "ledger_accounts.id"]
        ),
        sa.CheckConstraint("amount <> 0", name="amount"),
        sa.Index(None, "account_id"),
        sa.Index(None, "subject"),
    )

    entry_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric)
    subject: Mapped[str | None]
    account: Mapped[LedgerAccount] = relationship(
        primaryjoin="foreign(LedgerPosting.account_id) == LedgerAccount.id", viewonly=True
    )
