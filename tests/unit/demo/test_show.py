"""How the demo writes what it tells: amounts, periods, and the commands to copy."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from justpaid.demo.commands import next_commands
from justpaid.demo.figures import money, period
from justpaid.demo.show import InvoiceRow, Screen

INVOICE = {
    "id": "inv_1",
    "number": "INV-000007",
    "currency": "USD",
    "total": "170.47",
    "timezone": "America/New_York",
    "period_start": "2026-10-01T04:00:00Z",
    "period_end": "2026-11-01T04:00:00Z",
    "lines": [
        {
            "description": "Platform",
            "amount": "99.00",
            "period_start": "2026-11-01T04:00:00Z",
            "period_end": "2026-12-01T05:00:00Z",
            "steps": [{"description": "Flat fee", "quantity": "1", "unit_amount": "99", "amount": "99"}],
        },
        {
            "description": "Output tokens",
            "period_start": "2026-10-01T04:00:00Z",
            "period_end": "2026-11-01T04:00:00Z",
            "amount": "71.47",
            "steps": [
                {
                    "description": "First 500,000 at 0.0001",
                    "quantity": "500000",
                    "unit_amount": "0.0001",
                    "amount": "50",
                },
                {
                    "description": "500,001 and above at 0.00005",
                    "quantity": "429375",
                    "unit_amount": "0.00005",
                    "amount": "21.46875",
                },
            ],
        },
    ],
}


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("1234.5", "USD", "1,234.50 USD"), ("40000", "JPY", "40,000 JPY"), ("0", "EUR", "0.00 EUR")],
)
def test_money(amount: str, currency: str, text: str) -> None:
    assert money(amount, currency) == text


@pytest.mark.parametrize(
    ("start", "end", "zone", "text"),
    [
        ("2026-10-01T04:00:00Z", "2026-11-01T04:00:00Z", "America/New_York", "1–31 Oct 2026"),
        ("2026-09-30T15:00:00Z", "2026-10-31T15:00:00Z", "Asia/Tokyo", "1–31 Oct 2026"),
        ("2025-12-15T05:00:00Z", "2026-01-01T05:00:00Z", "America/New_York", "15–31 Dec 2025"),
        ("2026-10-10T04:00:00Z", "2026-11-10T05:00:00Z", "America/New_York", "10 Oct – 9 Nov 2026"),
        ("2026-10-01T04:00:00Z", "2026-10-01T04:00:00Z", "America/New_York", "start, 1 Oct 2026"),
    ],
)
def test_a_period_is_told_in_the_customers_days_the_last_one_included(
    start: str, end: str, zone: str, text: str
) -> None:
    assert period(start, end, zone) == text


def printed(terminal: bool) -> str:
    out = io.StringIO()
    screen = Screen(Console(file=out, force_terminal=terminal, width=110, color_system=None))
    screen.invoices([InvoiceRow("INV-000007", "Acme Corp", "Scale", "1–31 Oct 2026", "170.47 USD")])
    screen.arithmetic(INVOICE, "Acme Corp")
    screen.done("16 invoices issued")
    return out.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_the_arithmetic_is_shown_to_the_cent(terminal: bool) -> None:
    text = printed(terminal)
    for figure in ("INV-000007", "Acme Corp", "500,000", "0.00005", "21.46875", "71.47 USD", "170.47 USD"):
        assert figure in text


def test_a_log_gets_whole_lines_without_boxes() -> None:
    assert printed(terminal=False).splitlines() == [
        "",
        "Invoices issued:",
        "  INV-000007  Acme Corp, Scale, 1–31 Oct 2026: 170.47 USD",
        "",
        "How INV-000007 of Acme Corp adds up:",
        "  Platform, 1–30 Nov 2026: 99.00 USD",
        "    Flat fee: 1 × 99 = 99",
        "  Output tokens: 71.47 USD",
        "    First 500,000 at 0.0001: 500,000 × 0.0001 = 50",
        "    500,001 and above at 0.00005: 429,375 × 0.00005 = 21.46875",
        "  Total, the sum of the rounded lines: 170.47 USD",
        "16 invoices issued",
    ]


def test_commands_name_the_server_the_key_and_the_invoice() -> None:
    now = datetime(2026, 11, 22, 14, 30, 5, 123, tzinfo=UTC)
    commands = dict(next_commands("http://127.0.0.1:8787", "sk_test_demo", INVOICE, now))
    assert "export JUSTPAID_URL=http://127.0.0.1:8787 JUSTPAID_API_KEY=sk_test_demo" in commands.values()
    assert "$JUSTPAID_URL/v1/invoices/INV-000007/pdf -o INV-000007.pdf" in commands["Open an invoice"]
    usage = commands["Ask for usage, by day and model"]
    assert "from=2026-11-01T04:00:00Z -d to=2026-11-22T14:30:05Z" in usage
    assert "events tail" in commands["Watch events arrive"]
