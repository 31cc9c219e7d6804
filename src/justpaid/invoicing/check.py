"""Standing checks of what is stored: totals, rounding, uniqueness and the sequence of numbers."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

_CHECKS: Final = {
    "subtotal is not the sum of its lines": """
        SELECT i.id FROM invoices i LEFT JOIN invoice_lines l ON l.invoice_id = i.id
        GROUP BY i.id HAVING i.subtotal <> coalesce(sum(l.amount), 0)""",
    "total is not subtotal − discount + tax − credits": """
        SELECT id FROM invoices WHERE total <> subtotal - discount + tax - credits_applied""",
    "amount due is not total − paid": """
        SELECT id FROM invoices WHERE amount_due <> CASE status WHEN 'void' THEN 0 ELSE total - amount_paid END""",
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
    problems = []
    for problem, query in _CHECKS.items():
        found = session.scalars(sa.text(query)).all()
        if found:
            problems.append(f"{problem}: {len(found)} times, first at {found[0]}")
    return problems
