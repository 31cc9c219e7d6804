"""The PDF says what the document says, and text in it stays text."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from justpaid.invoicing.rendering import DocumentLine, DocumentStep, InvoiceDocument, Party, render_pdf
from justpaid.invoicing.rendering.words import ENGLISH, LANGUAGES, words
from justpaid.kernel.period import Period

APRIL = Period(datetime(2026, 4, 1, 4, tzinfo=UTC), datetime(2026, 5, 1, 4, tzinfo=UTC))
MAY = Period(APRIL.end, datetime(2026, 6, 1, 4, tzinfo=UTC))

PLATFORM = DocumentLine("Platform fee", "platform", None, Decimal(1), Decimal(499), Decimal("499.00"), MAY)
CALLS = DocumentLine(
    description="API calls",
    price_key="api",
    meter="api_calls",
    quantity=Decimal(1_284_733),
    unit_amount=None,
    amount=Decimal("934.64"),
    period=APRIL,
    steps=(
        DocumentStep("First 100,000", Decimal(100_000), Decimal("0.002"), Decimal(200)),
        DocumentStep("100,001 to 1,000,000", Decimal(900_000), Decimal("0.0007"), Decimal(630)),
        DocumentStep("Above 1,000,000", Decimal(284_733), Decimal("0.00036749"), Decimal("104.63653017")),
    ),
    groups=(("gpt-4o", Decimal(1_000_000)), ("claude", Decimal(284_733))),
)
INVOICE = InvoiceDocument(
    number="NW-2026-000042",
    status="issued",
    seller=Party(
        "Northwind Intelligence",
        ("548 Market Street", "San Francisco"),
        "billing@northwind.example",
        ("EIN 12-3", "DE VAT DE123"),
    ),
    customer=Party("Møller & Søn", ("Nørrebrogade 12",), "accounts@moller.example", ("DK VAT 12345678",)),
    currency="USD",
    period=APRIL,
    timezone="America/New_York",
    issued_at=datetime(2026, 5, 1, 13, tzinfo=UTC),
    due_at=datetime(2026, 5, 31, 13, tzinfo=UTC),
    lines=(PLATFORM, CALLS),
    subtotal=Decimal("1433.64"),
    discount=Decimal("100.00"),
    tax=Decimal("66.68"),
    credits_applied=Decimal("250.00"),
    total=Decimal("1150.32"),
    amount_paid=Decimal("150.32"),
    amount_due=Decimal("1000.00"),
    cutoff=48_211_902,
    memo="Thank you.\nQuote the number.",
)


def read(document: InvoiceDocument) -> list[str]:
    """The text of each page, with white space of any kind as single spaces."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(render_pdf(document))).pages]


def test_it_says_who_when_what_and_how_much() -> None:
    (page,) = read(INVOICE)
    for text in (
        *("Northwind Intelligence", "548 Market Street", "billing@northwind.example", "EIN 12-3", "DE VAT DE123"),
        *("Møller & Søn", "Nørrebrogade 12", "accounts@moller.example", "DK VAT 12345678"),
        *("NW-2026-000042", "May 1, 2026", "May 31, 2026", "Apr 1 – Apr 30, 2026", "America/New_York"),
        *("Platform fee", "May 1 – May 31, 2026", "$499.00"),
        *("API calls", "1,284,733", "$934.64", "gpt-4o 1,000,000", "claude 284,733"),
        *("First 100,000 100,000 $0.002 $200.00", "Above 1,000,000 284,733 $0.00036749 $104.63653017"),
        *("Subtotal $1,433.64", "Discount -$100.00", "Tax $66.68", "Credits applied -$250.00", "Total $1,150.32"),
        *("Amount paid -$150.32", "Amount due $1,000.00", "Thank you. Quote the number."),
        *("Page 1 of 1", "entry 48,211,902"),
    ):
        assert text in page
    assert "DRAFT" not in page
    assert "VOID" not in page


def test_what_is_zero_or_missing_is_not_printed() -> None:
    nothing = Decimal(0)
    plain = replace(
        INVOICE, discount=nothing, tax=nothing, credits_applied=nothing, amount_paid=nothing, due_at=None, memo=None
    )
    (page,) = read(plain)
    for text in ("Discount", "Tax $", "Credits", "Amount paid", "May 31, 2026 America", "None", "none", "null"):
        assert text not in page


@pytest.mark.parametrize(
    ("status", "number", "seen"),
    [("draft", None, ["DRAFT", "No number yet"]), ("void", "N-1", ["VOID", "N-1"]), ("paid", "N-1", ["PAID"])],
)
def test_the_state_is_marked(status: str, number: str | None, seen: list[str]) -> None:
    (page,) = read(replace(INVOICE, status=status, number=number))
    assert all(text in page for text in seen)


def test_a_paid_invoice_does_not_ask_for_money_by_a_date() -> None:
    assert "by May 31, 2026" in read(INVOICE)[0]
    assert "by May 31, 2026" not in read(replace(INVOICE, status="paid", amount_due=Decimal(0)))[0]
    assert "by May 31, 2026" not in read(replace(INVOICE, status="void"))[0]


def test_a_single_step_that_repeats_its_line_is_left_out() -> None:
    step = DocumentStep("the same again", Decimal(7), Decimal(2), Decimal(14))
    line = replace(
        CALLS, quantity=Decimal(7), unit_amount=Decimal(2), amount=Decimal("14.00"), steps=(step,), groups=()
    )
    assert "the same again" not in read(replace(INVOICE, lines=(line,)))[0]
    assert "the same again" in read(replace(INVOICE, lines=(replace(line, unit_amount=None),)))[0]


@pytest.mark.parametrize(
    ("currency", "due", "printed"),
    [
        ("JPY", "135801", "Amount due ¥135,801"),
        ("KWD", "1.25", "Amount due KWD 1.250"),
        ("INR", "9", "Amount due ₹9.00"),
    ],
)
def test_currencies_keep_their_minor_places(currency: str, due: str, printed: str) -> None:
    line = replace(PLATFORM, unit_amount=Decimal(5), amount=Decimal(5))
    (page,) = read(replace(INVOICE, currency=currency, lines=(line,), amount_due=Decimal(due)))
    assert printed in page


MARKUP = [
    '#read("/etc/passwd")',
    '#panic("stop")',
    "#sys.inputs",
    "*bold* _thin_ `raw`",
    "$x^2$",
    "= Heading",
    "<label> @label",
    "\\ // /* */ ~ -- ... 'q'",
    '"quoted" {"a": 1}',
    "]]) #{",
    "https://example.com/a#b",
]


@pytest.mark.parametrize("text", MARKUP)
def test_markup_in_any_text_is_printed_as_it_is(text: str) -> None:
    party = Party(text, (text,), text, text)
    line = replace(
        CALLS,
        description=text,
        steps=(DocumentStep(text, None, None, Decimal(1)), *CALLS.steps),
        groups=((text, Decimal(1)),),
    )
    document = replace(INVOICE, number=text, status=text, seller=party, customer=party, lines=(line,), memo=text)
    page = " ".join(read(document))
    assert page.count(text) >= 12  # 4 in each party, number in the head and the foot, line, group, step, memo


AWKWARD = {
    "long word": "x" * 10_000,
    "long text": "word " * 2_000,
    "CJK": "株式会社ヌルテスト" * 10,
    "right to left": "مرحبا بالعالم שלום",
    "emoji": "🎉👩‍👩‍👧‍👦" * 100,
    "controls": "\x00\x07\x1b[31m\u202edesrever",
    "half a surrogate pair": "\ud800 half a pair",
    "combining marks": "e\u0301" * 500,
    "zero width": "\u200b",
    "line feeds": "\n" * 50,
    "empty": "",
    "space": " ",
}


@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD.keys())
def test_no_text_stops_the_printing(text: str) -> None:
    party = Party(text, (text, text), text, text)
    line = replace(CALLS, description=text, groups=((text, Decimal(1)),))
    pages = read(replace(INVOICE, seller=party, customer=party, lines=(line,), memo=text))
    assert "Amount due $1,000.00" in " ".join(pages)


def test_a_name_in_another_script_can_be_read_back() -> None:
    assert "Ελληνική Τράπεζα · Банк" in read(replace(INVOICE, customer=Party("Ελληνική Τράπεζα · Банк")))[0]


def test_a_long_text_is_cut_and_a_long_word_can_be_broken() -> None:
    (page,) = read(replace(INVOICE, customer=Party("y" * 10_000)))
    printed = page.replace("\u200b", "").replace(" ", "")
    assert "y" * 400 + "…" in printed
    assert "y" * 401 not in printed


def test_a_long_breakdown_is_counted_not_listed() -> None:
    groups = tuple((f"model-{i:03}", Decimal(i)) for i in range(1000))
    text = " ".join(read(replace(INVOICE, lines=(replace(CALLS, groups=groups),))))
    assert "model-024" in text
    assert "model-025" not in text
    assert "and 975 more" in text


def test_a_long_invoice_breaks_over_pages_under_a_repeated_header() -> None:
    lines = tuple(replace(CALLS, description=f"Project {i:03}") for i in range(200))
    pages = read(replace(INVOICE, lines=lines))
    assert len(pages) > 5
    text = " ".join(pages)
    assert all(text.count(line.description) == 1 for line in lines)
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "UNIT PRICE" in page.upper()
    assert "Amount due $1,000.00" in pages[-1]


def test_an_invoice_without_lines_is_an_invoice() -> None:
    nothing = Decimal(0)
    assert "Amount due $0.00" in read(replace(INVOICE, lines=(), amount_due=nothing))[0]


def test_quantities_and_rates_of_every_digit_fit() -> None:
    line = replace(CALLS, quantity=Decimal("99999999999999999999.123456789012"), unit_amount=Decimal("0.000000000001"))
    (page,) = read(replace(INVOICE, lines=(line,)))
    assert "99,999,999,999,999,999,999.123456789012 $0.000000000001 $934.64" in page


def test_the_same_document_gives_the_same_bytes() -> None:
    assert render_pdf(INVOICE) == render_pdf(replace(INVOICE))
    assert render_pdf(INVOICE) != render_pdf(replace(INVOICE, number="NW-2026-000043"))
    draft = replace(INVOICE, status="draft", number=None, issued_at=None)
    assert render_pdf(draft) == render_pdf(draft)


def test_it_is_dated_when_it_was_issued_and_titled_by_its_number() -> None:
    about = PdfReader(BytesIO(render_pdf(INVOICE))).metadata
    assert about is not None
    assert about.creation_date == INVOICE.issued_at
    assert about.title == "Invoice NW-2026-000042"
    assert about.author == "Northwind Intelligence"
    draft = PdfReader(BytesIO(render_pdf(replace(INVOICE, status="draft", number=None, issued_at=None)))).metadata
    assert draft is not None
    assert draft.creation_date is None


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_logo_stands_above_the_seller() -> None:
    pages = PdfReader(BytesIO(render_pdf(replace(INVOICE, logo=PNG)))).pages
    assert len(pages[0].images) == 1
    assert len(PdfReader(BytesIO(render_pdf(INVOICE))).pages[0].images) == 0


def test_german_in_words_numbers_and_dates() -> None:
    (page,) = read(replace(INVOICE, locale="de"))
    for text in (
        *("Rechnung", "Rechnung NW-2026-000042", "01.05.2026", "31.05.2026", "01.04.2026 – 30.04.2026"),
        *("1.284.733", "934,64 $", "0,00036749 $", "Zwischensumme 1.433,64 $", "Rabatt -100,00 $"),
        *("Zu zahlen 1.000,00 $", "Seite 1 von 1", "bis Eintrag 48.211.902", "API calls"),
    ):
        assert text in page, text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", ["draft", "paid", "void"])
def test_every_language_has_every_word(language: str, status: str) -> None:
    for key, english in ENGLISH.items():
        assert re.findall(r"{\w+}", words(language)[key]) == re.findall(r"{\w+}", english), key
    assert read(replace(INVOICE, locale=language, status=status))


def test_an_unknown_language_is_english() -> None:
    assert words("en-GB") == words("tlh") == ENGLISH
