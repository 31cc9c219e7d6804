"""Standing checks of what is stored: totals, rounding, uniqueness and the sequence of numbers."""

from typing import Final

from sqlalchemy.orm import Session

from justpaid.platform.standing_checks import broken_rules

_CHECKS: Final = {
    "subtotal is not the sum of its lines": """
        SELECT i.id FROM invoices i LEFT JOIN invoice_lines l ON l.invoice_id = i.id
        GROUP BY i.id HAVING i.subtotal <> coalesce(sum(l.amount), 0)""",
    "total is not subtotal − discount + tax − credits": """
        SELECT id FROM invoices WHERE total <> subtotal - discount + tax - credits_applied""",
    "amount due is not total − paid": """
        SELECT id FROM invoices WHERE amount_due <> CASE status WHEN 'void' THEN 0 ELSE total - amount_paid END""",
    "what credits paid is not what the ledger says": """
        SELECT i.id FROM invoices i LEFT JOIN (
            SELECT e.organisation_id, e.reference, sum(p.amount) AS amount
            FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
            JOIN ledger_accounts a ON a.id = p.account_id AND a.kind = 'accounts_receivable'
            WHERE e.reason IN ('credit_draw', 'credit_return') GROUP BY e.organisation_id, e.reference
        ) paid ON paid.organisation_id = i.organisation_id AND paid.reference = i.id
        WHERE coalesce(-paid.amount, 0) <> CASE i.status WHEN 'void' THEN 0 ELSE i.credits_applied END""",
    "a line's steps do not sum to its exact amount": """
        SELECT l.invoice_id FROM invoice_lines l
        WHERE l.amount_exact <>
            (SELECT coalesce(sum((step->>'amount')::numeric), 0) FROM jsonb_array_elements(l.steps) step)""",
    "an invoice number is missing from the sequence": """
        SELECT c.organisation_id FROM invoice_counters c LEFT JOIN invoices i
            ON i.organisation_id = c.organisation_id AND i.number IS NOT NULL
        GROUP BY c.organisation_id, c.next_number
        HAVING count(i.id) <> c.next_number - 1 OR max(substring(i.number FROM '[0-9]+$')::bigint) <> c.next_number - 1
    """,
}


def check_invoices(session: Session) -> list[str]:
    """What is wrong, in words, over all rows that the session sees; empty when all is well."""
    return broken_rules(session, _CHECKS)
