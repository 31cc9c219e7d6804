"""The invoice as CSV (RFC 4180): one row per line, and under it one per step of its arithmetic.

Where several subscriptions share the invoice, a row with the plan's name comes before the lines of each.

The column `row` says which of these a row is: `line`, `step` or `group`; the amounts of the rows marked `line` sum to
the subtotal. Numbers are plain decimals without symbol or grouping, instants are UTC; text is whole, never shortened.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from justpaid.invoicing.rendering.document import DocumentLine, InvoiceDocument
from justpaid.invoicing.rendering.words import words
from justpaid.kernel.decimals import plain
from justpaid.kernel.money import round_to_minor
from justpaid.kernel.spreadsheets import as_text, rows_as_csv

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


def render_csv(document: InvoiceDocument) -> str:
    """The document's rows under a header, with CRLF line ends.

    Text that a spreadsheet program would run as a formula gets a leading apostrophe; numbers stay numbers.
    """
    return rows_as_csv(_rows(document))


def _rows(document: InvoiceDocument) -> Iterator[Sequence[str]]:
    yield COLUMNS
    headed = zip(document.lines, document.headings(), strict=True)
    for position, (line, heading) in enumerate(headed, start=1):
        head = [as_text(document.number or ""), as_text(document.status), as_text(document.customer.name)]
        head += [_instant(line.period.start), _instant(line.period.end), str(position)]
        if heading is not None:
            yield [
                "group",
                *head,
                as_text(heading or words(document.locale)["other_items"]),
                *[""] * (len(COLUMNS) - len(head) - 2),
            ]
        yield ["line", *head, *_line_cells(line, document.currency)]
        for step in line.steps:
            cells = [as_text(step.description), as_text(line.price_key or ""), as_text(line.meter or "")]
            cells += [_number(step.quantity), _number(step.unit_amount), plain(step.amount), document.currency]
            yield ["step", *head, *cells]


def _line_cells(line: DocumentLine, currency: str) -> list[str]:
    cells = [as_text(line.description), as_text(line.price_key or ""), as_text(line.meter or "")]
    cells += [_number(line.quantity), _number(line.unit_amount)]
    return [*cells, format(round_to_minor(line.amount, currency), "f"), currency]


def _number(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def _instant(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")
