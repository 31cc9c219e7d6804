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

from justpaid.invoicing.rendering.document import DocumentLine, InvoiceDocument, Party
from justpaid.invoicing.rendering.figures import Figures
from justpaid.invoicing.rendering.words import words

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
    """An A4 PDF of the document, in its language, with dates in its time zone.

    Raises: UnknownCurrency, UnknownTimezone.
    """
    issued_at_s = int(document.issued_at.timestamp()) if document.issued_at else 0
    inputs = {"invoice": json.dumps(_View(document).as_json())}
    compiler = typst.Compiler(_template(), font_paths=_fonts(), sys_inputs=inputs)
    pdf = compiler.compile(format="pdf", timestamp=issued_at_s)
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _template() -> bytes:
    return files("justpaid.invoicing.rendering").joinpath("invoice.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)


class _View:
    """All that `invoice.typ` prints, as finished strings; null where there is nothing to print."""

    def __init__(self, document: InvoiceDocument) -> None:
        self._document = document
        self._figures = Figures.of(document.locale)
        self._words = words(document.locale)

    def as_json(self) -> dict[str, object]:
        document, figures = self._document, self._figures
        zone, currency = document.timezone, document.currency
        due = figures.day(document.due_at, zone) if document.due_at else None
        return {
            "language": document.locale.partition("-")[0],
            "words": self._words,
            "number": _text(document.number) if document.number else None,
            "status": document.status,
            "seller": _party(document.seller),
            "logo": list(document.logo) if document.logo else None,
            "customer": _party(document.customer),
            "currency": currency,
            "period": figures.days(document.period, zone),
            "timezone": zone,
            "issued": figures.day(document.issued_at, zone) if document.issued_at else None,
            "due": due,
            "by": self._words["by"].format(date=due) if due else None,
            "lines": [
                self._line(line, heading) for line, heading in zip(document.lines, document.headings(), strict=True)
            ],
            "totals": list(self._totals()),
            "amount_due": figures.amount(document.amount_due, currency),
            "owed": document.amount_due > 0 and document.status != "void",
            "recorded": self._recorded(),
            "memo": _text(document.memo, MEMO_LIMIT) if document.memo else None,
            "title": self._words[document.kind],
            "bottom_line": self._words["amount_credited" if document.kind == "credit_note" else "amount_due"],
            "po_number": _text(document.po_number) if document.po_number else None,
            "credits_invoice": _text(document.credits_invoice) if document.credits_invoice else None,
            "reverse_charge": self._words["reverse_charge"] if document.reverse_charge else None,
        }

    def _line(self, line: DocumentLine, heading: str | None) -> dict[str, object]:
        document, figures = self._document, self._figures
        hidden = len(line.groups) - GROUPS_LIMIT
        return {
            "heading": _text(heading or self._words["other_items"]) if heading is not None else None,
            "description": _text(line.description),
            "period": figures.days(line.period, document.timezone) if line.period != document.period else None,
            "quantity": self._quantity(line.quantity),
            "rate": self._rate(line.unit_amount),
            "amount": figures.amount(line.amount, document.currency),
            "groups": [[_text(label), figures.quantity(quantity)] for label, quantity in line.groups[:GROUPS_LIMIT]],
            "more_groups": self._words["more"].format(count=hidden) if hidden > 0 else None,
            "steps": [
                {
                    "description": _text(step.description),
                    "quantity": self._quantity(step.quantity),
                    "rate": self._rate(step.unit_amount),
                    "amount": figures.rate(step.amount, document.currency),
                }
                for step in line.telling_steps
            ],
        }

    def _totals(self) -> Iterator[tuple[str, str, bool]]:
        """The rows from the subtotal down to what was paid, without those that are zero; whether each is in bold."""
        document, words = self._document, self._words
        yield words["subtotal"], self._amount(document.subtotal), False
        if document.discount:
            yield words["discount"], self._amount(-document.discount), False
        added = [(_text(name), value) for name, value, contained in document.taxes if not contained]
        for name, value in added or [(words["tax"], document.tax)]:
            if added or value:
                yield name, self._amount(value), False
        for word, value in (("carried_over", document.carried_over), ("credits", -document.credits_applied)):
            if value:
                yield words[word], self._amount(value), False
        yield words["total"], self._amount(document.total), True
        for name, value in [(name, value) for name, value, contained in document.taxes if contained]:
            yield words["of_which"].format(tax=_text(name)), self._amount(value), False
        for word, value in (("amount_paid", -document.amount_paid), ("credited", -document.amount_credited)):
            if value:
                yield words[word], self._amount(value), False

    def _recorded(self) -> str | None:
        if self._document.cutoff is None:
            return None
        return self._words["recorded"].format(entry=self._figures.quantity(Decimal(self._document.cutoff)))

    def _amount(self, value: Decimal) -> str:
        return self._figures.amount(value, self._document.currency)

    def _quantity(self, value: Decimal | None) -> str | None:
        return None if value is None else self._figures.quantity(value)

    def _rate(self, value: Decimal | None) -> str | None:
        return None if value is None else self._figures.rate(value, self._document.currency)


def _party(party: Party) -> dict[str, object]:
    return {
        "name": _text(party.name),
        "address": [_text(line) for line in party.address_lines],
        "email": _text(party.email) if party.email else None,
        "tax_ids": [_text(tax_id) for tax_id in party.tax_ids],
    }


def _text(value: str, limit: int = TEXT_LIMIT) -> str:
    """`value` made printable: no control characters, not too long, and with places where a long word may break."""
    printable = _UNPRINTABLE.sub("\ufffd", value.replace("\r\n", "\n").replace("\t", " ")).strip()
    if len(printable) > limit:
        printable = printable[:limit].rstrip() + "…"
    return _LONG_WORD.sub(lambda word: _INSIDE_WORD.sub(_ZERO_WIDTH_SPACE, word.group()), printable)
