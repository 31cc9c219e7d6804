"""The CSV parses back to the figures of the document."""

import csv
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest

from justpaid.invoicing.rendering import DocumentLine, DocumentStep, InvoiceDocument, Party, render_csv
from justpaid.kernel.period import Period

APRIL = Period(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
INVOICE = InvoiceDocument(
    number="NW-42",
    status="issued",
    seller=Party("Northwind"),
    customer=Party('Smith, "Jones" & Co'),
    currency="USD",
    period=APRIL,
    timezone="UTC",
    issued_at=None,
    due_at=None,
    lines=(
        DocumentLine("Platform fee", "platform", None, None, None, Decimal("499"), APRIL),
        DocumentLine(
            "API calls",
            "api",
            "api_calls",
            Decimal("150000.5"),
            None,
            Decimal("235.00"),
            APRIL,
            steps=(
                DocumentStep("First 100,000", Decimal(100_000), Decimal("0.002"), Decimal(200)),
                DocumentStep("Above", Decimal("50000.5"), Decimal("0.0007"), Decimal("35.00035")),
            ),
        ),
        DocumentLine("Refund", "refund", None, Decimal(-1), Decimal(5), Decimal("-5.00"), APRIL),
    ),
    subtotal=Decimal("729.00"),
    discount=Decimal(0),
    tax=Decimal(0),
    credits_applied=Decimal(0),
    total=Decimal("729.00"),
    amount_paid=Decimal(0),
    amount_due=Decimal("729.00"),
    cutoff=7,
)


def rows_of(document: InvoiceDocument) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(render_csv(document), newline=""), strict=True))


def test_lines_sum_to_the_subtotal() -> None:
    rows = rows_of(INVOICE)
    assert sum(Decimal(row["amount"]) for row in rows if row["row"] == "line") == INVOICE.subtotal


def test_every_line_and_step_is_a_row() -> None:
    shown = [
        (row["row"], row["line"], row["description"], row["quantity"], row["unit_amount"], row["amount"])
        for row in rows_of(INVOICE)
    ]
    assert shown == [
        ("line", "1", "Platform fee", "", "", "499.00"),
        ("line", "2", "API calls", "150000.5", "", "235.00"),
        ("step", "2", "First 100,000", "100000", "0.002", "200"),
        ("step", "2", "Above", "50000.5", "0.0007", "35.00035"),
        ("line", "3", "Refund", "-1", "5", "-5.00"),
    ]


def test_each_row_names_its_invoice_customer_and_period() -> None:
    step = rows_of(INVOICE)[2]
    assert (step["invoice"], step["status"], step["customer"]) == ("NW-42", "issued", 'Smith, "Jones" & Co')
    assert (step["period_start"], step["period_end"]) == ("2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z")
    assert (step["price_key"], step["meter"], step["currency"]) == ("api", "api_calls", "USD")


def test_a_draft_has_no_number_and_an_empty_invoice_only_a_header() -> None:
    assert rows_of(replace(INVOICE, number=None))[0]["invoice"] == ""
    assert render_csv(replace(INVOICE, lines=())).count("\r\n") == 1


def test_lines_end_as_rfc_4180_says() -> None:
    text = render_csv(INVOICE)
    assert text.endswith("\r\n")
    assert text.count("\r\n") == text.count("\n") == 6
    assert '"Smith, ""Jones"" & Co"' in text


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_amounts_have_the_minor_places(currency: str) -> None:
    expected = {"JPY": "499", "KWD": "499.000"}[currency]
    assert rows_of(replace(INVOICE, currency=currency))[0]["amount"] == expected


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("\uff1d1", "'\uff1d1"),
        ("a=1", "a=1"),
        ("O'Hara\nLtd", "O'Hara\nLtd"),
        ("", ""),
    ],
)
def test_text_can_not_become_a_formula(text: str, written: str) -> None:
    line = replace(INVOICE.lines[1], description=text, price_key=text, meter=text)
    line = replace(line, steps=(replace(line.steps[0], description=text),))
    for row in rows_of(replace(INVOICE, number=text, customer=Party(text), lines=(line,))):
        assert {row[cell] for cell in ("invoice", "customer", "description", "price_key", "meter")} == {written}
        assert row["amount"] in {"235.00", "200"}
