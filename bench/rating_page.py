"""How fast is the judging page in a real browser? Exit status 1 when a promise is not kept.

A whole site on loopback with the bundled demo set, and Chromium at three widths. LCP: the Largest
Contentful Paint of the page, opened anew. Vote to next pair: from the moment of the key press (as
the browser stamps it) until the frame after the one in which the next pair was drawn, so that it is
certainly on the screen. Reply: until the server has taken the vote and sent the pair after that.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.site import Site

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
SIZES = ((390, 844), (820, 1100), (1400, 900))
LOADS, VOTES = 7, 25
MOST_LCP_MS, MOST_SWAP_MS = 500, 100

PREPARE = """
from itertools import combinations
from arena.models import Project
from arena.services import comparisons
from judges.models import Campaign
from judges.services import decisions
from judges.services.judges import define
demo = Project.objects.get(slug="demo")
pairs = [pair for prompt in demo.prompts.all()
         for pair in combinations(prompt.outputs.values_list("pk", flat=True), 2)]
judge = define(project=demo, name="people", kind="human", params={"raters": 9})
decisions.ask(judge, sorted(comparisons.ensure(pairs).values()))
Campaign.objects.filter(judge=judge).update(access="open")
print(judge.campaign.key)
"""
WATCH = """() => {
  window.swaps = [];
  window.replies = [];
  let pressed = 0;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  document.addEventListener("arena:pair", () => {
    const since = pressed;
    requestAnimationFrame(() => requestAnimationFrame(() => swaps.push(performance.now() - since)));
  });
  new PerformanceObserver((list) => {
    const sent = list.getEntries().filter((one) => one.initiatorType === "fetch");
    for (const one of sent) replies.push(one.duration);
  }).observe({ type: "resource" });
}"""
LCP = """() => new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime))
    .observe({ type: "largest-contentful-paint", buffered: true });
})"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        site.start()
        try:
            site.manage("arena_demo")
            key = site.manage("shell", "-v", "0", "-c", PREPARE).stdout.split()[-1]
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
                rows = [measure(browser, f"{site.url}/rate/{key}", *size) for size in SIZES]
                browser.close()
        finally:
            site.stop()
    return report(rows)


def measure(browser: Browser, address: str, width: int, height: int) -> dict[str, Any]:
    """Open the page as a guest, several times, and judge by keys."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(address)
    while (button := page.get_by_role("button", name="Begin")).count():
        button.click()
        page.wait_for_load_state("networkidle")
    paints = [_lcp(page, address) for _ in range(LOADS)]
    page.evaluate(WATCH)
    for number in range(VOTES):
        page.wait_for_timeout(450)
        page.keyboard.press("abtx"[number % 4])
        # The page's policy forbids what wait_for_function would do.
        while not page.evaluate(f"swaps.length > {number} && replies.length > {number}"):
            page.wait_for_timeout(20)
    found = {
        "width": width,
        "lcp": paints,
        "swaps": page.evaluate("swaps"),
        "replies": page.evaluate("replies"),
    }
    context.close()
    return found


def _lcp(page: Page, address: str) -> float:
    page.goto(address, wait_until="networkidle")
    return float(page.evaluate(LCP))


def report(rows: list[dict[str, Any]]) -> int:
    """Print the table; 1 when a median is above what we promise."""
    print(f"{'width':>6} {'LCP median':>11} {'worst':>6}   {'vote to next pair':>17} {'worst':>6}"
          f"   {'reply':>6} {'worst':>6}   (ms; {LOADS} loads, {VOTES} votes)")  # fmt: skip
    kept = True
    for row in rows:
        lcp, swap, reply = (row[name] for name in ("lcp", "swaps", "replies"))
        print(f"{row['width']:>6} {median(lcp):>11.0f} {max(lcp):>6.0f}   {median(swap):>17.0f} "
              f"{max(swap):>6.0f}   {median(reply):>6.0f} {max(reply):>6.0f}")  # fmt: skip
        kept &= median(lcp) < MOST_LCP_MS and median(swap) < MOST_SWAP_MS
    print("kept" if kept else f"NOT KEPT: LCP < {MOST_LCP_MS} ms, vote to next < {MOST_SWAP_MS} ms")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
