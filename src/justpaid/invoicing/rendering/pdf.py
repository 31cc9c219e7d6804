"""The invoice as PDF, typeset by typst from `invoice.typ`.

The template gets finished strings as JSON, so text of sellers and customers is only ever data to it, never markup.
Libertinus Serif comes with typst; the machine's fonts serve only for signs that it lacks, such as CJK.
The same document gives the same bytes on the same machine.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Final

import typst

from justpaid.invoicing.rendering import figures
from justpaid.invoicing.rendering.document import DocumentLine, InvoiceDocument, Party

#: Longer text is cut on paper, with an ellipsis; the CSV and the API carry it whole.
TEXT_LIMIT: Final = 400
MEMO_LIMIT: Final = 4000
#: More parts of a usage breakdown than this are counted, not listed.
GROUPS_LIMIT: Final = 25

#: Controls but the line feed, surrogates, and the marks that turn round the reading direction of what follows them.
_UNPRINTABLE: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
#: So long a word may not fit its column, so it may break anywhere; shorter ones stay whole and can be copied.
_LONG_WORD: Final = re.compile(r"\S{32,}")
_INSIDE_WORD: Final = re.compile(r"(?<=\S)(?=[!-~\w])")
_ZERO_WIDTH_SPACE: Final = "\u200b"


def render_pdf(document: InvoiceDocument) -> bytes:
    """An A4 PDF of the document, in English, with dates in the document's time zone.

    Raises: UnknownCurrency, UnknownTimezone.
    """
    issued_at_s = int(document.issued_at.timestamp()) if document.issued_at else 0
    compiler = typst.Compiler(_template(), font_paths=_fonts(), sys_inputs={"invoice": json.dumps(_view(document))})
    pdf = compiler.compile(format="pdf", timestamp=issued_at_s)
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _template() -> bytes:
    return files("justpaid.invoicing.rendering").joinpath("invoice.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)


def _view(document: InvoiceDocument) -> dict[str, object]:
    """All that `invoice.typ` prints, as finished strings; null where there is nothing to print."""
    zone, currency = document.timezone, document.currency
    return {
        "number": _text(document.number) if document.number else None,
        "status": document.status,
        "seller": _party(document.seller),
        "customer": _party(document.customer),
        "currency": currency,
        "period": figures.days(document.period, zone),
        "timezone": zone,
        "issued": figures.day(document.issued_at, zone) if document.issued_at else None,
        "due": figures.day(document.due_at, zone) if document.due_at else None,
        "lines": [_line(line, document) for line in document.lines],
        "totals": list(_totals(document)),
        "amount_due": figures.amount(document.amount_due, currency),
        "owed": document.amount_due > 0 and document.status != "void",
        "cutoff": figures.quantity(Decimal(document.cutoff)),
        "memo": _text(document.memo, MEMO_LIMIT) if document.memo else None,
    }


def _party(party: Party) -> dict[str, object]:
    return {
        "name": _text(party.name),
        "address": [_text(line) for line in party.address_lines],
        "email": _text(party.email) if party.email else None,
        "tax_id": _text(party.tax_id) if party.tax_id else None,
    }


def _line(line: DocumentLine, document: InvoiceDocument) -> dict[str, object]:
    currency = document.currency
    own_period = line.period != document.period
    return {
        "description": _text(line.description),
        "period": figures.days(line.period, document.timezone) if own_period else None,
        "quantity": _quantity(line.quantity),
        "rate": _rate(line.unit_amount, currency),
        "amount": figures.amount(line.amount, currency),
        "groups": [[_text(label), figures.quantity(quantity)] for label, quantity in line.groups[:GROUPS_LIMIT]],
        "more_groups": max(0, len(line.groups) - GROUPS_LIMIT),
        "steps": [
            {
                "description": _text(step.description),
                "quantity": _quantity(step.quantity),
                "rate": _rate(step.unit_amount, currency),
                "amount": figures.rate(step.amount, currency),
            }
            for step in line.telling_steps
        ],
    }


def _totals(document: InvoiceDocument) -> Iterator[tuple[str, str]]:
    """The rows from the subtotal down to what was paid, without those that are zero."""
    currency = document.currency
    yield "Subtotal", figures.amount(document.subtotal, currency)
    for label, value in (
        ("Discount", -document.discount),
        ("Tax", document.tax),
        ("Credits applied", -document.credits_applied),
    ):
        if value:
            yield label, figures.amount(value, currency)
    yield "Total", figures.amount(document.total, currency)
    if document.amount_paid:
        yield "Amount paid", figures.amount(-document.amount_paid, currency)


def _quantity(value: Decimal | None) -> str | None:
    return None if value is None else figures.quantity(value)


def _rate(value: Decimal | None, currency: str) -> str | None:
    return None if value is None else figures.rate(value, currency)


def _text(value: str, limit: int = TEXT_LIMIT) -> str:
    """`value` made printable: no control characters, not too long, and with places where a long word may break."""
    printable = _UNPRINTABLE.sub("\ufffd", value.replace("\r\n", "\n").replace("\t", " ")).strip()
    if len(printable) > limit:
        printable = printable[:limit].rstrip() + "…"
    return _LONG_WORD.sub(lambda word: _INSIDE_WORD.sub(_ZERO_WIDTH_SPACE, word.group()), printable)
