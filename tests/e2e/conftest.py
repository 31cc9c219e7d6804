"""A real server over real engines with seeded data, and a real browser in front of it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from justpaid.api.web import BUILT
from tests.e2e.browser import Watched, chromium, launch, watched_page
from tests.e2e.seed import seed
from tests.support.server import Server

#: Its first words after a start compile and fill caches, on machines with two cores.
PATIENCE_MS: Final = 20_000

OWNER: Final = {
    "name": "Ada Larkspur",
    "email": "ada@larkspur.example",
    "password": "correct horse battery staple",
    "organisation_name": "Larkspur AI",
}


@dataclass(frozen=True)
class Site:
    """A server whose owner is `OWNER`, with data of `seed`."""

    address: str
    #: With an API key of the same organisation.
    client: httpx.Client


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    assert (BUILT / "index.html").is_file(), "the web UI is not built: run `make web`"
    server = Server(tmp_path_factory.mktemp("e2e") / "data").until_ready()
    try:
        with server.client() as client:
            seed(client, datetime.now(UTC))
            made = httpx.post(f"{server.address}/v1/auth/setup", json=OWNER)
            assert made.status_code == 201, made.text
            yield Site(server.address, client)
    finally:
        server.process.terminate()
        server.ended()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """While it lives, its event loop runs in the thread of the tests, where no other can: it ends with its module."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    executable = chromium()
    if executable is None:
        pytest.skip("there is no Chromium: `apt-get install chromium`, or name one in CHROMIUM")
    expect.set_options(timeout=PATIENCE_MS)
    browser = launch(playwright, executable)
    yield browser
    browser.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Watched]]:
    """`visit()` opens a page of a visitor; its options are those of `watched_page`."""
    with ExitStack() as pages:

        def open_page(**options: Any) -> Watched:
            page: AbstractContextManager[Watched] = watched_page(browser, site.address, **options)
            return pages.enter_context(page)

        yield open_page


@pytest.fixture
def signed_in(visit: Callable[..., Watched]) -> Callable[..., Watched]:
    """`signed_in("/customers", scheme="dark")` opens a page as the owner."""

    def open_page(path: str = "/", **options: Any) -> Watched:
        watched = visit(**options)
        answer = watched.page.request.post(
            "/v1/auth/sign-in", data={"email": OWNER["email"], "password": OWNER["password"]}
        )
        assert answer.ok, answer.text()
        watched.page.goto(path)
        return watched

    return open_page
