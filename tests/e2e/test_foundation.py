"""The way in, the shell and the overview, as a person has them in a browser."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import DESKTOP, PHONE, Scheme, Watched
from tests.e2e.conftest import OWNER, Site
from tests.e2e.seed import event

PAGES = (
    *("/", "/usage", "/customers", "/events", "/developers", "/settings"),
    *("/pricing", "/pricing/new", "/pricing/compare", "/pricing/scale", "/invoices", "/invoices/runs"),
)


def test_signing_in_leads_to_the_page_asked_for_and_out_again(visit: Callable[..., Watched]) -> None:
    watched = visit()
    page = watched.page
    page.goto("/customers")
    page.get_by_label("E-mail").fill(OWNER["email"])
    page.get_by_label(re.compile("^Password")).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label(re.compile("^Password")).fill(OWNER["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Customers")).to_be_visible()
    expect(page.get_by_role("cell", name="Acme Corp")).to_be_visible()

    page.get_by_role("button", name=f"Account of {OWNER['name']}").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto("/invoices")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert watched.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_overview_shows_the_company_at_work(
    signed_in: Callable[..., Watched], site: Site, scheme: Scheme, size: tuple[int, int]
) -> None:
    watched = signed_in("/", scheme=scheme, size=size)
    page = watched.page
    expect(page.get_by_text("Live", exact=True).first).to_be_visible()
    now = datetime.now(UTC)
    first = int(now.timestamp() * 1000)
    site.client.post("/v1/events", json=[event(first + n, now) for n in range(12)])

    expect(page.get_by_role("row", name=re.compile("Acme Corp")).first).to_be_visible()
    expect(page.get_by_role("region", name="Active customers")).to_contain_text("3")
    expect(page.get_by_role("region", name="Billing pipeline")).to_contain_text("flat · graduated")
    expect(page.get_by_role("table", name=re.compile("Events a day"))).to_have_count(1)
    expect(page.locator(".recharts-bar-rectangle").first).to_be_attached()
    watched.picture(f"overview-{'phone' if size == PHONE else 'desktop'}-{scheme}")
    assert watched.axe() == []
    assert watched.overflow() <= 0
    assert watched.complaints == []


def test_events_sent_by_the_api_move_the_figures_without_a_reload(
    signed_in: Callable[..., Watched], site: Site
) -> None:
    watched = signed_in("/")
    figure = watched.page.get_by_role("region", name="Events today")
    expect(figure).to_contain_text(re.compile(r"\d"))
    before = _number(figure.inner_text())
    now = datetime.now(UTC)
    first = int(now.timestamp() * 1000) + 1_000_000
    site.client.post("/v1/events", json=[event(first + n, now) for n in range(7)])
    expect(figure).to_contain_text(f"{before + 7:,}")
    assert watched.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_used_by_everybody(signed_in: Callable[..., Watched], scheme: Scheme) -> None:
    watched = signed_in(PAGES[1], scheme=scheme, size=PHONE)
    page = watched.page
    for path in PAGES[1:]:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("[aria-busy=true], .mantine-Skeleton-root")).to_have_count(0)
        watched.picture(f"{path[1:].replace('/', '-')}-phone-{scheme}")
        assert watched.axe() == [], path
        assert watched.overflow() <= 0, path
    assert watched.complaints == []


def test_the_sign_in_can_be_used_by_everybody(visit: Callable[..., Watched]) -> None:
    watched = visit(size=PHONE)
    watched.page.goto("/sign-in")
    expect(watched.page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    watched.picture("sign-in-phone-light")
    assert watched.axe() == []
    assert watched.overflow() <= 0
    assert watched.complaints == []


def test_the_keyboard_reaches_the_page_past_the_navigation(signed_in: Callable[..., Watched]) -> None:
    page = signed_in("/customers").page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_phone_has_the_navigation_behind_a_button(signed_in: Callable[..., Watched]) -> None:
    page = signed_in("/", size=PHONE).page
    page.get_by_role("button", name="Open the navigation").click()
    page.get_by_role("link", name="Invoices").click()
    expect(page.get_by_role("heading", level=1, name="Invoices")).to_be_visible()
    expect(page.get_by_role("button", name="Open the navigation")).to_be_visible()


def test_a_lost_connection_is_shown_and_comes_back(signed_in: Callable[..., Watched]) -> None:
    watched = signed_in("/")
    page = watched.page
    expect(page.get_by_text("Live", exact=True).first).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("You are offline")).to_be_hidden()


def test_the_choice_of_colours_stays(signed_in: Callable[..., Watched]) -> None:
    page = signed_in("/settings").page
    page.get_by_role("button", name="Switch to dark colours").click()
    root = page.locator("html")
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    page.reload(wait_until="commit")
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")


def _number(text: str) -> int:
    found = re.search(r"[\d,]+", text)
    assert found is not None, text
    return int(found[0].replace(",", ""))
