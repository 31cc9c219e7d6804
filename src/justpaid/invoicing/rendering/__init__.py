"""Front door of rendering: an invoice as PDF and as CSV. Pure: document in, bytes or text out."""

from justpaid.invoicing.rendering.document import (
    DocumentLine,
    DocumentStep,
    InvoiceDocument,
    Party,
)
from justpaid.invoicing.rendering.figures import Figures
from justpaid.invoicing.rendering.pdf import render_pdf
from justpaid.invoicing.rendering.spreadsheet import render_csv

__all__ = ["DocumentLine", "DocumentStep", "Figures", "InvoiceDocument", "Party", "render_csv", "render_pdf"]
