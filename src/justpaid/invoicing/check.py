"""Standing checks of what is stored: totals, what was credited, uses of discounts and the sequence of numbers."""

from typing import Final

from sqlalchemy.orm import Session

from justpaid.platform.standing_checks import broken_rules

_CHECKS: Final = {
    "subtotal is not the sum of its lines": """
        SELECT i.id FROM invoices i LEFT JOIN invoice_lines l ON l.invoice_id = i.id
        GROUP BY i.id HAVING i.subtotal <> coalesce(sum(l.amount), 0)""",
    "discount or tax is not the sum of its lines": """
        SELECT i.id FROM invoices i LEFT JOIN invoice_lines l ON l.invoice_id = i.id
        GROUP BY i.id HAVING i.discount <> coalesce(sum(l.discount), 0) OR i.tax <> coalesce(sum(l.tax), 0)""",
    "total is not subtotal − discount + tax + carried over − credits": """
        SELECT id FROM invoices WHERE total <> subtotal - discount + tax + carried_over - credits_applied""",
    "amount due is not total − paid − credited": """
        SELECT id FROM invoices
        WHERE amount_due <> CASE status WHEN 'void' THEN 0 ELSE total - amount_paid - amount_credited END""",
    "a credit note does not add up": """
        SELECT n.id FROM credit_notes n LEFT JOIN credit_note_lines l ON l.credit_note_id = n.id
        GROUP BY n.id HAVING n.subtotal <> coalesce(sum(l.amount), 0) OR n.tax <> coalesce(sum(l.tax), 0)
            OR n.total <> n.subtotal + n.tax""",
    "what was credited is not what the credit notes say": """
        SELECT i.id FROM invoices i LEFT JOIN credit_notes n ON n.invoice_id = i.id AND n.status = 'issued'
        GROUP BY i.id HAVING i.amount_credited <> coalesce(sum(n.amount_off_due), 0)
            OR coalesce(sum(n.total), 0) > greatest(i.subtotal - i.discount + i.tax, 0)""",
    "late usage is not what its document bills": """
        SELECT c.invoice_id FROM late_usage_corrections c LEFT JOIN late_usage_lines l ON l.correction_id = c.id
            LEFT JOIN invoice_items t ON t.id = l.item_id LEFT JOIN invoices s ON s.id = c.supplementary_id
            LEFT JOIN credit_notes n ON n.id = c.credit_note_id
        GROUP BY c.id, c.invoice_id, c.policy, s.id, n.id
        HAVING CASE c.policy
            WHEN 'next_invoice' THEN sum(l.amount - l.discount) <> coalesce(sum(t.quantity * t.unit_amount), 0)
            WHEN 'credit_note' THEN sum(l.amount - l.discount) <> -n.subtotal
            ELSE sum(l.amount) <> s.subtotal OR sum(l.discount) <> s.discount END""",
    "a discount was used more often than its coupon allows": """
        SELECT d.id FROM discounts d JOIN coupons c ON c.id = d.coupon_id JOIN discount_uses u ON u.discount_id = d.id
        WHERE c.duration <> 'forever' GROUP BY d.id, c.duration, c.periods
        HAVING count(*) > CASE c.duration WHEN 'once' THEN 1 ELSE c.periods END""",
    "what credits paid is not what the ledger says": """
        SELECT i.id FROM invoices i LEFT JOIN (
            SELECT e.organisation_id, e.reference, sum(p.amount) AS amount
            FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
            JOIN ledger_accounts a ON a.id = p.account_id AND a.kind = 'accounts_receivable'
            WHERE e.reason IN ('credit_draw', 'credit_return') GROUP BY e.organisation_id, e.reference
        ) paid ON paid.organisation_id = i.organisation_id AND paid.reference = i.id
        WHERE coalesce(-paid.amount, 0) <> CASE i.status WHEN 'void' THEN 0 ELSE i.credits_applied END""",
    "a top-up and its invoice don't say the same": """
        SELECT i.id FROM top_ups t JOIN invoices i ON i.top_up_id = t.id
        WHERE i.total <> t.amount OR i.currency <> t.currency OR i.customer_id <> t.customer_id
            OR (i.status = 'paid') <> (t.status = 'paid') OR (i.status = 'void') <> (t.status = 'canceled')""",
    "a period is billed by two invoices": """
        SELECT p.invoice_id FROM invoice_parts p JOIN invoices i ON i.subscription_id = p.subscription_id
            AND (i.period_start, i.period_end) = (p.period_start, p.period_end)
        WHERE i.id <> p.invoice_id AND i.kind = 'subscription'""",
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
    "a credit note number is missing from the sequence": """
        SELECT c.organisation_id FROM credit_note_counters c LEFT JOIN credit_notes n
            ON n.organisation_id = c.organisation_id
        GROUP BY c.organisation_id, c.next_number
        HAVING count(n.id) <> c.next_number - 1 OR max(substring(n.number FROM '[0-9]+$')::bigint) <> c.next_number - 1
    """,
}


def check_invoices(session: Session) -> list[str]:
    """What is wrong, in words, over all rows that the session sees; empty when all is well."""
    return broken_rules(session, _CHECKS)
