"""The standing check of credits: what grants say is what the ledger holds."""

from typing import Final

from sqlalchemy.orm import Session

from justpaid.platform.standing_checks import broken_rules

_CHECKS: Final = {
    "a credit grant is below zero or above what was granted": """
        SELECT id FROM credit_grants WHERE remaining < 0 OR remaining > amount""",
    "what is left of a credit grant is not what the ledger holds for it": """
        SELECT g.id FROM credit_grants g LEFT JOIN (
            SELECT p.subject, sum(p.amount) AS amount FROM ledger_postings p
            JOIN ledger_accounts a ON a.id = p.account_id AND a.kind IN ('prepaid_credits', 'promotional_credits')
            GROUP BY p.subject
        ) held ON held.subject = g.id
        WHERE g.remaining <> coalesce(-held.amount, 0)""",
    "a paid top-up has no credit grant": """
        SELECT id FROM top_ups WHERE status = 'paid' AND grant_id IS NULL""",
}


def check_credits(session: Session) -> list[str]:
    """What is wrong, in words, over all rows that the session sees; empty when all is well."""
    return broken_rules(session, _CHECKS)
