"""A real Chromium, and a whole site that it looks at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.site import Site

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
]  # fmt: skip


@dataclass
class Watched:
    """A page, and everything that went wrong on it."""

    page: Page
    faults: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running site with the bundled demo set played."""
    site = Site(tmp_path_factory.mktemp("demo"))
    site.start()
    site.manage("arena_demo")
    yield site
    site.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Playwright keeps an event loop running in this thread, so it must not outlive the
    module: asynchronous tests come after it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


def watch(browser: Browser, site: Site, **options: object) -> Watched:
    """A new page that notes script errors, console errors (CSP!), and requests to elsewhere."""
    watched = Watched(browser.new_context(**options).new_page())  # type: ignore[arg-type]
    page, faults = watched.page, watched.faults
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on(
        "console",
        lambda said: faults.append(f"console: {said.text}") if said.type == "error" else None,
    )
    page.on(
        "request",
        lambda sent: (
            None
            if sent.url.startswith((site.url, "data:", "blob:"))
            else faults.append(f"outside: {sent.url}")
        ),
    )
    return watched
