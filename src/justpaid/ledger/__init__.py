"""The double-entry ledger: accounts, entries that balance, and their history; see README.md."""

from justpaid.ledger.check import check_ledger
from justpaid.ledger.history import list_entries
from justpaid.ledger.post import NewEntry, Posting, Unbalanced, credit, debit, post
from justpaid.ledger.tables import AccountKind, LedgerAccount, LedgerEntry, LedgerPosting

__all__ = [
    "AccountKind",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerPosting",
    "NewEntry",
    "Posting",
    "Unbalanced",
    "check_ledger",
    "credit",
    "debit",
    "list_entries",
    "post",
]
