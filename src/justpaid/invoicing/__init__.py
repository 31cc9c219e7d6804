"""Stage 4: invoices. Billing runs, finalisation, estimates, proof and documents; see README.md."""

from justpaid.invoicing.advance import Advanced, advance
from justpaid.invoicing.allowances import included_quantity
from justpaid.invoicing.automatic import AutomaticBilling
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.check import check_invoices
from justpaid.invoicing.close import mark_uncollectible, void_invoice, withdraw_top_up
from justpaid.invoicing.compose import Line, total_of
from justpaid.invoicing.credit_note_tables import CreditNote, CreditNoteCounter, CreditNoteLine
from justpaid.invoicing.credit_notes import (
    CreditReason,
    LineCredit,
    NewCreditNote,
    Remainder,
    find_credit_note,
    issue_credit_note,
    list_credit_notes,
    void_credit_note,
)
from justpaid.invoicing.credit_upkeep import keep_credits
from justpaid.invoicing.document import document_of, document_of_credit_note
from justpaid.invoicing.estimate import Estimate, estimate
from justpaid.invoicing.explain import Explanation, Origin, counting_of, explain_line
from justpaid.invoicing.finalize import issue_top_ups, lock_draft
from justpaid.invoicing.find import find_invoice, find_run, list_invoices, list_runs
from justpaid.invoicing.including import Occurrence, Sought, lines_including, too_late_for
from justpaid.invoicing.items import NewItem, add_item, find_item, line_of, list_items, remove_item
from justpaid.invoicing.late_usage import LateLine, LateUsage, find_late_usage, live_corrections
from justpaid.invoicing.late_usage_documents import correct_late_usage, refuse_uncorrectable
from justpaid.invoicing.late_usage_list import list_late_usage
from justpaid.invoicing.late_usage_tables import LateUsageCorrection, LateUsageLine, LateUsageMark
from justpaid.invoicing.needed import needed_from
from justpaid.invoicing.one_off import change_draft, create_one_off
from justpaid.invoicing.pending import pending_charges
from justpaid.invoicing.projection import elapsed
from justpaid.invoicing.quantities import Answers, Asked, read_quantities
from justpaid.invoicing.refresh import finalize_invoice, refresh_invoice
from justpaid.invoicing.rendering import Figures, InvoiceDocument, render_csv, render_pdf
from justpaid.invoicing.run import run_billing
from justpaid.invoicing.sharing import (
    NewLink,
    ShareLink,
    list_share_links,
    open_share_link,
    revoke_share_link,
    share_invoice,
)
from justpaid.invoicing.spans import Skeletons
from justpaid.invoicing.tables import BillingRun, Invoice, InvoiceCounter, InvoiceItem, InvoiceLine, InvoicePart
from justpaid.invoicing.tally import Tally
from justpaid.invoicing.threshold_watch import ThresholdWatch
from justpaid.invoicing.thresholds import bill_thresholds
from justpaid.invoicing.top_up_invoices import invoices_of_top_ups, pay_top_up
from justpaid.invoicing.totals import SettledLine, Totals
from justpaid.invoicing.unbilled import unbilled
from justpaid.invoicing.verify import (
    CreditNoteVerification,
    Verification,
    VerifiedLine,
    verify,
    verify_credit_note,
)

__all__ = [
    "Advanced",
    "Answers",
    "Asked",
    "AutomaticBilling",
    "Bill",
    "BillingRun",
    "CreditNote",
    "CreditNoteCounter",
    "CreditNoteLine",
    "CreditNoteVerification",
    "CreditReason",
    "Estimate",
    "Explanation",
    "Figures",
    "Invoice",
    "InvoiceCounter",
    "InvoiceDocument",
    "InvoiceItem",
    "InvoiceLine",
    "InvoicePart",
    "LateLine",
    "LateUsage",
    "LateUsageCorrection",
    "LateUsageLine",
    "LateUsageMark",
    "Line",
    "LineCredit",
    "NewCreditNote",
    "NewItem",
    "NewLink",
    "Occurrence",
    "Origin",
    "Remainder",
    "SettledLine",
    "ShareLink",
    "Skeletons",
    "Sought",
    "Tally",
    "ThresholdWatch",
    "Totals",
    "Verification",
    "VerifiedLine",
    "add_item",
    "advance",
    "bill_thresholds",
    "change_draft",
    "check_invoices",
    "correct_late_usage",
    "counting_of",
    "create_one_off",
    "document_of",
    "document_of_credit_note",
    "elapsed",
    "estimate",
    "explain_line",
    "finalize_invoice",
    "find_credit_note",
    "find_invoice",
    "find_item",
    "find_late_usage",
    "find_run",
    "included_quantity",
    "invoices_of_top_ups",
    "issue_credit_note",
    "issue_top_ups",
    "keep_credits",
    "line_of",
    "lines_including",
    "list_credit_notes",
    "list_invoices",
    "list_items",
    "list_late_usage",
    "list_runs",
    "list_share_links",
    "live_corrections",
    "lock_draft",
    "mark_uncollectible",
    "needed_from",
    "open_share_link",
    "pay_top_up",
    "pending_charges",
    "read_quantities",
    "refresh_invoice",
    "refuse_uncorrectable",
    "remove_item",
    "render_csv",
    "render_pdf",
    "revoke_share_link",
    "run_billing",
    "share_invoice",
    "too_late_for",
    "total_of",
    "unbilled",
    "verify",
    "verify_credit_note",
    "void_credit_note",
    "void_invoice",
    "withdraw_top_up",
]
