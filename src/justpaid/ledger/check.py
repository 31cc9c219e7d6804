"""The standing check of the ledger: it sums to zero, in each entry and as a whole."""

from typing import Final

from sqlalchemy.orm import Session

from justpaid.platform.standing_checks import broken_rules

_CHECKS: Final = {
    "the ledger does not sum to zero": """
        SELECT p.organisation_id || ' in ' || a.currency FROM ledger_postings p
        JOIN ledger_accounts a ON a.id = p.account_id
        GROUP BY p.organisation_id, a.currency HAVING sum(p.amount) <> 0""",
    "a ledger entry does not balance": """
        SELECT e.id FROM ledger_entries e LEFT JOIN ledger_postings p ON p.entry_id = e.id
        GROUP BY e.id HAVING count(p.*) < 2 OR sum(p.amount) <> 0""",
    "a posting is in an account of another customer or currency than its entry": """
        SELECT e.id FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
        JOIN ledger_accounts a ON a.id = p.account_id
        WHERE (a.customer_id, a.currency) <> (e.customer_id, e.currency)""",
}


def check_ledger(session: Session) -> list[str]:
    """What is wrong, in words, over all rows that the session sees; empty when all is well."""
    return broken_rules(session, _CHECKS)
