"""Usage from a file: uploaded, mapped, imported, and the same sum on the page and by the API."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import DESKTOP, PHONE, Scheme, Watched
from tests.e2e.conftest import Site


def test_a_file_of_usage_is_mapped_imported_and_counted(
    signed_in: Callable[..., Watched], site: Site, tmp_path: Path
) -> None:
    meter = {"key": "pages", "name": "Pages read", "event": "ocr", "aggregation": "sum", "property": "quantity"}
    assert site.client.post("/v1/meters", json=meter).is_success
    today = datetime.now(UTC).date().isoformat()
    file = tmp_path / "pages.csv"
    file.write_text(
        f"account,when,pages\nacme,{today}T00:00:00Z,1200\n,{today}T00:00:00Z,7\nglobex,{today}T00:00:00Z,34.5\n"
    )

    watched = signed_in("/events?tab=imports")
    page = watched.page
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.get_by_role("heading", level=1, name="pages.csv")).to_be_visible()
    page.get_by_role("combobox", name="Meaning of pages").click()
    page.get_by_role("option", name="Quantity").click()
    page.get_by_role("combobox", name="Meaning of when").click()
    page.get_by_role("option", name="Time", exact=True).click()
    page.get_by_role("textbox", name="Event of all rows").fill("ocr")
    expect(page.get_by_text("1 of 3 would be rejected")).to_be_visible()
    watched.picture("import-mapping-desktop-light")
    assert watched.axe() == []
    page.get_by_role("button", name="Start the import").click()

    expect(page.get_by_text("All 3 rows are read.")).to_be_visible()
    expect(page.get_by_role("region", name="Accepted")).to_contain_text("2")
    expect(page.get_by_role("region", name="Rejected")).to_contain_text("1")
    watched.picture("import-done-desktop-light")
    assert watched.axe() == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the bad rows").click()
    bad = Path(download.value.path()).read_text()
    assert "missing_field" in bad
    assert "1200" not in bad

    page.goto("/usage?meter=pages")
    expect(page.get_by_role("region", name="Total")).to_contain_text("1,234.5")
    [row] = site.client.get("/v1/usage", params={"meter": "pages"}).json()["data"]
    assert row["value"] == "1234.5"
    assert watched.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_usage_and_a_customer_can_be_used_by_everybody(
    signed_in: Callable[..., Watched], site: Site, scheme: Scheme, size: tuple[int, int]
) -> None:
    acme = site.client.get("/v1/customers/acme").json()["id"]
    name = f"{'phone' if size == PHONE else 'desktop'}-{scheme}"
    watched = signed_in("/usage?meter=completion_tokens&by=model&span=days", scheme=scheme, size=size)
    page = watched.page
    expect(page.get_by_role("region", name="Usage by group")).to_contain_text("gpt-4o")
    pages = {
        "usage": None,
        "customer": f"/customers/{acme}",
        "customer-portal": f"/customers/{acme}?tab=portal",
        "unbilled": "/events?tab=unbilled",
        "event": "/events?event=evt-3",
    }
    for what, path in pages.items():
        if path is not None:
            page.goto(path)
        if what == "event":  # it covers the page, whose heading is hidden
            expect(page.get_by_role("dialog", name="What became of this event")).to_contain_text("acme")
        else:
            expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Usage|Acme Corp|Events"))
        expect(page.locator("[aria-busy=true], .mantine-Skeleton-root")).to_have_count(0)
        watched.picture(f"{what}-{name}")
        assert watched.axe() == [], what
        assert watched.overflow() <= 0, what
    assert watched.complaints == []
