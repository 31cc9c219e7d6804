"""Make docs/images/{overview,calculator,invoice,portal}.png from the data of a running demo.

Usage: .venv/bin/python tools/screenshots.py http://127.0.0.1:8787 "http://127.0.0.1:8787/sign-in#token=…"

The second is the one-time sign-in link that `make demo` prints; soon after it, before live traffic dwarfs the past.
"""

import sys
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.e2e.browser import chromium, launch

IMAGES: Final = Path(__file__).parent.parent / "docs" / "images"
SIZE: Final = {"width": 1440, "height": 900}
MOST_BYTES: Final = 300_000
_PATIENCE_MS: Final = 60_000


def main(address: str, sign_in_link: str) -> None:
    executable = chromium()
    if executable is None:
        raise SystemExit("There is no Chromium: install it, or name one in CHROMIUM.")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = launch(playwright, executable)
        context = browser.new_context(base_url=address, viewport=SIZE, locale="en-US", color_scheme="light")  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(sign_in_link)
        expect(page.get_by_role("row").nth(5)).to_be_visible()  # the link leads to the overview
        keep(page, "overview")
        invoice = newest_invoice(context)
        page.goto("/pricing/scale")
        page.get_by_role("button", name="Scale platform").click()  # closes the first price, for one with tiers
        page.get_by_role("button", name="Input tokens").click()
        page.get_by_role("heading", name="Prices").scroll_into_view_if_needed()
        page.evaluate("document.querySelector('h2').scrollIntoView()")
        keep(page, "calculator")
        page.goto(f"/invoices/{invoice['id']}")
        keep(page, "invoice")
        page.goto(portal_link(context, page, invoice["customer_id"]))
        keep(page, "portal")
        browser.close()


def newest_invoice(context: BrowserContext) -> dict[str, Any]:
    answer: dict[str, Any] = context.request.get("/v1/invoices?limit=1&status=finalized").json()
    invoice: dict[str, Any] = answer["data"][0]
    return invoice


def portal_link(context: BrowserContext, page: Page, customer: str) -> str:
    csrf_token = context.request.get("/v1/auth/session").json()["csrf_token"]
    made = context.request.post(
        "/v1/portal-links", data={"customer_id": customer}, headers={"X-CSRF-Token": csrf_token}
    )
    assert made.ok, made.text()
    url: str = made.json()["url"]
    return url


def keep(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("[aria-busy=true], .mantine-Skeleton-root")).to_have_count(0)
    page.wait_for_timeout(1500)  # the chart's drawing
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    assert size < MOST_BYTES, f"{path} has {size} bytes"
    print(f"{path}: {size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
