"""From a price to a paid-for line: the pages of pricing and invoices, as a person uses them."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pypdf
from playwright.sync_api import Page, expect

from tests.e2e.browser import PHONE, Watched
from tests.e2e.conftest import Site

#: First 1,000 at 0.002, then 0.001: 3,000 tokens are 2.00 + 2.00.
TOKENS = 3000
TOTAL = "4.00"


def test_a_plan_becomes_an_invoice_that_page_api_and_pdf_agree_on(
    signed_in: Callable[..., Watched], site: Site
) -> None:
    now = datetime.now(UTC)
    last_month = (now.replace(day=1) - timedelta(days=1)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    made = site.client.post("/v1/customers", json={"external_id": "umbrella", "name": "Umbrella", "currency": "USD"})
    assert made.is_success, made.text

    watched = signed_in("/pricing/new")
    page = watched.page
    _build_the_plan(watched)
    _subscribe(page, last_month)

    sent = {
        "id": "umbrella-1",
        "customer_id": "umbrella",
        "event": "completion",
        "timestamp": (last_month + timedelta(days=3)).isoformat(),
        "properties": {"model": "gpt-4o", "tokens": TOKENS},
    }
    assert site.client.post("/v1/events", json=sent).is_success

    page.goto("/invoices/runs")
    page.get_by_role("button", name="Start a billing run").click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_hidden()

    page.goto("/invoices")
    page.get_by_role("combobox", name="Customer").click()
    page.get_by_role("option", name="Umbrella").click()
    row = page.get_by_role("row", name=re.compile("Umbrella.*finalized"))
    expect(row).to_have_count(1)
    watched.picture("invoices-desktop-light")
    row.get_by_role("link").click()

    total = page.get_by_role("table", name="Totals").get_by_role("row", name=re.compile("^Total"))
    expect(total).to_contain_text(f"${TOTAL}")
    page.get_by_role("button", name="Arithmetic of Tokens").click()
    steps = page.get_by_role("table", name="Calculation of Tokens")
    expect(steps).to_contain_text("First 1,000 at 0.002")
    expect(steps).to_contain_text("$2.00")
    expect(page.get_by_role("table", name="Events of Tokens")).to_contain_text("umbrella-1")
    watched.picture("invoice-desktop-light")
    assert watched.axe() == []

    (invoice,) = site.client.get("/v1/invoices", params={"customer_id": "umbrella"}).json()["data"]
    assert invoice["total"] == TOTAL
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    text = pypdf.PdfReader(io.BytesIO(download.value.path().read_bytes())).pages[0].extract_text()
    assert invoice["number"] in text
    assert re.search(rf"Total\s*\$?\s*{re.escape(TOTAL)}", text), text

    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    watched.picture("invoice-phone-light")
    assert watched.overflow() <= 0
    assert watched.complaints == []


def _build_the_plan(watched: Watched) -> None:
    page = watched.page
    page.get_by_label("Plan name").fill("Story")
    page.get_by_label("Name on the invoice").fill("Tokens")
    page.get_by_role("combobox", name="Price model").click()
    page.get_by_role("option", name="Graduated tiers").click()
    page.get_by_role("combobox", name="Meter").click()
    page.get_by_role("option", name="Completion tokens").click()
    page.get_by_label("Tier 1 rate for a unit").fill("0.002")
    page.get_by_label("Tier 2 rate for a unit").fill("-1")
    page.get_by_role("button", name="Publish").click()
    wrong = page.get_by_label("Tier 2 rate for a unit")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    wrong.fill("0.001")
    page.get_by_label("Exact quantity for Tokens").fill("3000")
    expect(page.get_by_role("table", name="Calculation of Tokens")).to_contain_text(f"${TOTAL}")
    expect(page.locator(".recharts-line-curve").first).to_be_attached()
    watched.picture("pricing-new-desktop-light")
    assert watched.axe() == []
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1, name="Story")).to_be_visible()


def _subscribe(page: Page, start: datetime) -> None:
    page.get_by_role("button", name="Subscribe a customer").click()
    page.get_by_role("combobox", name="Customer").click()
    page.get_by_role("option", name="Umbrella").click()
    page.get_by_label("Starts on").fill(start.date().isoformat())
    page.get_by_label("Periods begin").select_option("calendar")
    page.get_by_role("button", name="Subscribe", exact=True).click()
    expect(page.get_by_text("Umbrella is subscribed to Story.")).to_be_visible()
