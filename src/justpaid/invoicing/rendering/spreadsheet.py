"""The invoice as CSV (RFC 4180): one row per line, and under it one per step of its arithmetic.

The column `row` says which of the two a row is; the amounts of the rows marked `line` sum to the subtotal. Numbers are
plain decimals without symbol or grouping, instants are UTC; text is whole, never shortened.
"""

import csv
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Final

from justpaid.invoicing.rendering.document import DocumentLine, InvoiceDocument
from justpaid.kernel.decimals import plain
from justpaid.kernel.money import round_to_minor

COLUMNS: Final = (
    "row",
    "invoice",
    "status",
    "customer",
    "period_start",
    "period_end",
    "line",
    "description",
    "price_key",
    "meter",
    "quantity",
    "unit_amount",
    "amount",
    "currency",
)

#: What a spreadsheet program may take as the start of a formula.  Source: OWASP, "CSV Injection".
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def render_csv(document: InvoiceDocument) -> str:
    """The document's rows under a header, with CRLF line ends.

    Text that a spreadsheet program would run as a formula gets a leading apostrophe; numbers stay numbers.
    """
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for position, line in enumerate(document.lines, start=1):
        head = [_text(document.number or ""), _text(document.status), _text(document.customer.name)]
        head += [_instant(line.period.start), _instant(line.period.end), str(position)]
        writer.writerow(["line", *head, *_line_cells(line, document.currency)])
        for step in line.steps:
            cells = [_text(step.description), _text(line.price_key or ""), _text(line.meter or "")]
            cells += [_number(step.quantity), _number(step.unit_amount), plain(step.amount), document.currency]
            writer.writerow(["step", *head, *cells])
    return out.getvalue()


def _line_cells(line: DocumentLine, currency: str) -> list[str]:
    cells = [_text(line.description), _text(line.price_key or ""), _text(line.meter or "")]
    cells += [_number(line.quantity), _number(line.unit_amount)]
    return [*cells, format(round_to_minor(line.amount, currency), "f"), currency]


def _text(value: str) -> str:
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA_STARTS) else value


def _number(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def _instant(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")
