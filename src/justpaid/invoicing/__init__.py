"""Stage 4: invoices. Billing runs, finalisation, estimates, proof and documents; see README.md."""

from justpaid.invoicing.advance import Advanced, advance
from justpaid.invoicing.automatic import AutomaticBilling
from justpaid.invoicing.check import check_invoices
from justpaid.invoicing.compose import Line, total_of
from justpaid.invoicing.credit_upkeep import keep_credits
from justpaid.invoicing.document import document_of
from justpaid.invoicing.estimate import Estimate, estimate
from justpaid.invoicing.finalize import finalize_invoice, void_invoice
from justpaid.invoicing.find import find_invoice, find_run, list_invoices, list_runs
from justpaid.invoicing.including import Occurrence, lines_including
from justpaid.invoicing.needed import needed_from
from justpaid.invoicing.pending import pending_charges
from justpaid.invoicing.rendering import InvoiceDocument, render_csv, render_pdf
from justpaid.invoicing.run import run_billing
from justpaid.invoicing.sharing import (
    NewLink,
    ShareLink,
    list_share_links,
    open_share_link,
    revoke_share_link,
    share_invoice,
)
from justpaid.invoicing.tables import BillingRun, Invoice, InvoiceCounter, InvoiceLine
from justpaid.invoicing.unbilled import unbilled
from justpaid.invoicing.verify import Verification, VerifiedLine, verify

__all__ = [
    "Advanced",
    "AutomaticBilling",
    "BillingRun",
    "Estimate",
    "Invoice",
    "InvoiceCounter",
    "InvoiceDocument",
    "InvoiceLine",
    "Line",
    "NewLink",
    "Occurrence",
    "ShareLink",
    "Verification",
    "VerifiedLine",
    "advance",
    "check_invoices",
    "document_of",
    "estimate",
    "finalize_invoice",
    "find_invoice",
    "find_run",
    "keep_credits",
    "lines_including",
    "list_invoices",
    "list_runs",
    "list_share_links",
    "needed_from",
    "open_share_link",
    "pending_charges",
    "render_csv",
    "render_pdf",
    "revoke_share_link",
    "run_billing",
    "share_invoice",
    "total_of",
    "unbilled",
    "verify",
    "void_invoice",
]
