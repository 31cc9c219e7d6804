"""Debian's Chromium under Playwright, and what every page is held to."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, Page, Playwright

ROOT: Final = Path(__file__).parents[2]
ARTEFACTS: Final = Path(__file__).parent / "artefacts"
_AXE: Final = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: The classes of WCAG 2.2 AA, and what axe's authors recommend beyond.
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

Scheme = Literal["light", "dark"]
PHONE: Final = (360, 740)
DESKTOP: Final = (1440, 900)


def chromium() -> str | None:
    """Where Chromium is: CHROMIUM names another than that on PATH."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


def launch(playwright: Playwright, executable: str) -> Browser:
    return playwright.chromium.launch(executable_path=executable, headless=True, args=list(_FLAGS))


@dataclass
class Watched:
    """A page, and what went wrong on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def axe(self) -> list[str]:
        """What axe-core finds: one line a rule, with the elements."""
        self.page.evaluate(_AXE.read_text())
        found: dict[str, Any] = self.page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", _RULES
        )
        return [
            f"{one['id']}: {one['help']}: " + "; ".join(node["html"][:160] for node in one["nodes"][:5])
            for one in found["violations"]
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width

    def picture(self, name: str) -> None:
        """Keep a screenshot of the whole page among the artefacts."""
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


@contextmanager
def watched_page(
    browser: Browser, address: str, *, scheme: Scheme = "light", size: tuple[int, int] = DESKTOP
) -> Iterator[Watched]:
    """A page of a fresh browser profile. What breaks the content security policy, raises in a script or fails on the
    server is a complaint; a test ends with `assert page.complaints == []`."""
    context = browser.new_context(
        base_url=address,
        color_scheme=scheme,
        viewport={"width": size[0], "height": size[1]},
        locale="en-US",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    context.add_init_script(
        "document.addEventListener('securitypolicyviolation', broken =>"
        " console.error(`policy: ${broken.violatedDirective} ${broken.blockedURI} ${broken.sourceFile}`))"
    )
    watched = Watched(context.new_page())
    page = watched.page
    page.on("pageerror", lambda error: watched.complaints.append(f"raised: {error}"))
    page.on("console", lambda message: _note(watched, message.type, message.text))
    page.on("response", lambda got: got.status >= 500 and watched.complaints.append(f"{got.status} {got.url}"))
    try:
        yield watched
    finally:
        context.close()


def _note(watched: Watched, kind: str, text: str) -> None:
    # Chromium reports each 4xx as an error; that one is signed out is no fault.
    if kind in ("error", "warning") and "the server responded with a status of 4" not in text:
        watched.complaints.append(f"{kind}: {text}")
