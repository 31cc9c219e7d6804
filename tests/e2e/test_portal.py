"""The customer portal as the customer's people have it: by its link, and in a page of somebody else's site."""

import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.e2e.browser import DESKTOP, PHONE, Scheme, Watched
from tests.e2e.conftest import Site
from tests.e2e.seed import event

VIEWS: Final = ("", "/periods", "/invoices", "/credits", "/alerts")
IMAGE: Final = "<img src=x onerror=alert(1)>"
SCRIPT: Final = "javascript:alert(1)"


def link(site: Site, customer: str = "acme", **more: Any) -> dict[str, Any]:
    made = site.client.post("/v1/portal-links", json={"customer_id": customer, **more})
    assert made.status_code == 201, made.text
    answer: dict[str, Any] = made.json()
    return answer


def address_of(made: dict[str, Any], path: str = "") -> str:
    return f"/portal{path}#token={made['token']}"


def get(site: Site, path: str, **query: Any) -> Any:
    response = site.client.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.json()


def money(amount: str) -> str:
    return f"${Decimal(amount):,.2f}"


def test_the_portal_shows_the_numbers_of_the_api_and_of_the_pdf(visit: Callable[..., Watched], site: Site) -> None:
    watched = visit()
    page = watched.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    made = link(site)
    page.goto(address_of(made))
    expect(page.get_by_role("heading", level=1, name="Usage and cost")).to_be_visible()

    (subscription,) = get(site, "/v1/subscriptions", customer_id="acme")["data"]
    estimate = get(site, f"/v1/subscriptions/{subscription['id']}/estimate")
    span = {"from": estimate["period_start"], "to": estimate["period_end"]}
    usage = get(site, "/v1/usage", meter="completion_tokens", customer_id="acme", **span)["data"][0]["value"]
    expect(page.get_by_role("region", name="Cost so far")).to_contain_text(money(estimate["total"]))
    expect(page.get_by_label("Usage of Completion tokens in this period")).to_contain_text(f"{int(usage):,}")
    expect(page.get_by_role("table", name=re.compile("Next invoice"))).to_contain_text(money(estimate["total"]))

    now = datetime.now(UTC)
    number = int(now.timestamp() * 1000) // 15 * 15 + 3  # a completion of acme's
    site.client.post("/v1/events", json=[event(number, now)])
    grown = int(usage) + event(number, now)["properties"]["tokens"]
    expect(page.get_by_label("Usage of Completion tokens in this period")).to_contain_text(f"{grown:,}")

    page.get_by_role("link", name="Invoices").click()
    invoice = get(site, "/v1/invoices", customer_id="acme", status="finalized")["data"][0]
    page.get_by_role("link", name=invoice["number"]).click()
    expect(page.get_by_role("heading", level=1, name=f"Invoice {invoice['number']}")).to_be_visible()
    expect(page.get_by_role("table", name=re.compile("Lines of invoice"))).to_contain_text("Platform fee")
    expect(page.get_by_text(money(invoice["amount_due"])).last).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("button", name="PDF").click()
    assert saving.value.suggested_filename == f"{invoice['number']}.pdf"
    text = "".join(one.extract_text() for one in PdfReader(BytesIO(Path(saving.value.path()).read_bytes())).pages)
    assert invoice["number"] in text
    assert money(invoice["total"]).removeprefix("$") in text

    assert "#" not in page.url
    assert [url for url in asked if made["token"] in url.partition("#")[0]] == []
    page.reload()
    expect(page.get_by_role("heading", level=1, name=f"Invoice {invoice['number']}")).to_be_visible()
    assert watched.complaints == []


def test_a_customer_sees_their_own_rows_only(visit: Callable[..., Watched], site: Site) -> None:
    watched = visit()
    own = {one["number"] for one in get(site, "/v1/invoices", customer_id="globex")["data"]}
    other = get(site, "/v1/invoices", customer_id="acme", status="finalized")["data"][0]
    watched.page.goto(address_of(link(site, "globex"), "/invoices"))
    table = watched.page.get_by_role("region", name="Invoices")
    for number in own - {None}:
        expect(table.get_by_role("link", name=number)).to_be_visible()
    expect(table.get_by_role("link", name=other["number"], exact=True)).to_have_count(0)
    watched.page.goto(f"/portal/invoices/{other['id']}")
    expect(watched.page.get_by_role("alert")).to_be_visible()
    assert watched.complaints == []


def test_a_revoked_link_says_so(visit: Callable[..., Watched], site: Site) -> None:
    page = visit().page
    made = link(site)
    page.goto(address_of(made))
    expect(page.get_by_role("heading", level=1, name="Usage and cost")).to_be_visible()
    assert site.client.post(f"/v1/portal-links/{made['id']}/revoke").status_code == 200
    page.reload()
    expect(page.get_by_text("This link no longer opens anything")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_view_can_be_used_by_everybody(
    visit: Callable[..., Watched], site: Site, scheme: Scheme, size: tuple[int, int]
) -> None:
    # A yellow on which white can't be read, and a ground that is neither light nor dark.
    colours = {"accent_colour": "#ffd400", "background_colour": "#8899aa"}
    assert site.client.patch("/v1/organisation", json={"settings": {"portal": colours}}).status_code == 200
    watched = visit(scheme=scheme, size=size)
    page = watched.page
    page.goto(address_of(link(site)))
    for view in VIEWS:
        page.goto(f"/portal{view}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("[aria-busy=true], .mantine-Skeleton-root")).to_have_count(0)
        watched.picture(f"portal-{view[1:] or 'usage'}-{'phone' if size == PHONE else 'desktop'}-{scheme}")
        assert watched.axe() == [], view
        assert watched.overflow() <= 0, view
    site.client.patch("/v1/organisation", json={"settings": {"portal": None}})
    assert watched.complaints == []


@pytest.fixture
def other_site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server of another origin, and the folder that it serves."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()


def test_one_script_tag_embeds_it_in_a_page_of_another_site(
    visit: Callable[..., Watched], site: Site, other_site: tuple[str, Path]
) -> None:
    there, folder = other_site
    tag = f'<script src="{site.address}/embed.js" data-token="{link(site)["token"]}" data-theme="dark" async></script>'
    icon = '<link rel="icon" href="data:,">'
    (folder / "index.html").write_text(f"<!doctype html><title>Ours</title>{icon}<h1>Your account</h1>{tag}")
    watched = visit()
    page = watched.page
    page.goto(f"{there}/index.html")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1, name="Usage and cost")).to_be_visible()
    expect(frame.get_by_role("table", name=re.compile("Next invoice"))).to_be_visible()
    expect(frame.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.wait_for_function("document.querySelector('iframe').offsetHeight > 600")
    before = page.evaluate("document.querySelector('iframe').offsetHeight")
    page.evaluate("window.postMessage({type: 'justpaid:height', height: 5000}, '*')")  # of the wrong origin
    frame.get_by_role("link", name="Credits").click()
    page.wait_for_function("before => document.querySelector('iframe').offsetHeight < before", arg=before)
    assert page.evaluate("Object.keys(window).filter(name => /embed|justpaid/i.test(name))") == []
    watched.picture("portal-embedded")
    assert watched.complaints == []


@pytest.fixture
def hostile(site: Site) -> dict[str, str]:
    """A customer, an event, a plan and a meter whose every name is markup or a script."""
    client = site.client
    key = f"hostile-{int(datetime.now(UTC).timestamp())}"
    for path, body in (
        ("/v1/meters", {"key": key, "name": IMAGE, "event": IMAGE, "aggregation": "count", "dimensions": ["model"]}),
        (
            "/v1/plans",
            {
                "key": key,
                "name": IMAGE,
                "currency": "USD",
                "interval": "month",
                "prices": [{"key": "p", "name": IMAGE, "model": "per_unit", "meter": key, "unit_amount": "1"}],
            },
        ),
        ("/v1/customers", {"external_id": key, "name": IMAGE, "currency": "USD"}),
        ("/v1/subscriptions", {"customer_id": key, "plan": key}),
        (
            "/v1/events",
            [{"customer_id": key, "event": IMAGE, "properties": {"model": model}} for model in (IMAGE, SCRIPT)],
        ),
    ):
        response = client.post(path, json=body)
        assert response.is_success, (path, response.text)
        assert not response.json().get("rejected"), response.text
    return {"customer": key, "meter": key}


def test_markup_from_customers_and_events_never_runs(
    visit: Callable[..., Watched], signed_in: Callable[..., Watched], site: Site, hostile: dict[str, str]
) -> None:
    dialogs: list[str] = []

    def on_guard(watched: Watched) -> Watched:
        watched.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        return watched

    portal = on_guard(visit())
    page = portal.page
    page.goto(address_of(link(site, hostile["customer"])))
    for view in VIEWS:
        page.goto(f"/portal{view}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        assert page.locator("img[src=x], a[href^=javascript]").count() == 0, view
    page.goto("/portal")
    page.locator("main input[aria-haspopup=listbox]").nth(0).click()
    page.get_by_role("option", name=IMAGE).click()
    page.locator("main input[aria-haspopup=listbox]").nth(1).click()
    page.get_by_role("option", name="model").click()
    expect(page.get_by_text(IMAGE).first).to_be_visible()
    expect(page.get_by_text(SCRIPT).first).to_be_visible()

    dashboard = on_guard(signed_in("/"))
    for path in ("/", "/usage", "/customers", "/pricing", "/invoices", "/events", "/developers"):
        dashboard.page.goto(path)
        expect(dashboard.page.get_by_role("heading", level=1)).to_be_visible()
        expect(dashboard.page.locator("[aria-busy=true]")).to_have_count(0)
        site.client.post(
            "/v1/events",
            json=[{"customer_id": hostile["customer"], "event": IMAGE, "properties": {"model": json.dumps(IMAGE)}}],
        )
        assert dashboard.page.locator("img[src=x], a[href^=javascript]").count() == 0, path
    assert dialogs == []
    assert portal.complaints == dashboard.complaints == []
