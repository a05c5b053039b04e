"""The pages in a real browser: phone and desktop, light and dark; and a person who judges."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import watch

pytestmark = pytest.mark.e2e

PAGES = [
    "/", "/projects/demo", "/projects/demo/leaderboard", "/projects/demo/tournaments",
    "/projects/demo/matches", "/projects/demo/judges", "/projects/demo/data",
    "/projects/demo/reports", "/sign-in", "/api/v1/docs",
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_pages_load_clean_and_fit(browser, demo, width, scheme):
    seen = watch(browser, demo, viewport={"width": width, "height": 900}, color_scheme=scheme)

    for path in PAGES:
        reply = seen.page.goto(demo.url + path, wait_until="networkidle")
        assert reply.status == 200, path
        overflow = seen.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{path} is {overflow} px too wide"

    assert seen.faults == []
    seen.page.context.close()


def test_from_the_leaderboard_to_a_match_by_clicks(browser, demo):
    seen = watch(browser, demo, viewport={"width": 1400, "height": 900})
    page = seen.page
    page.goto(f"{demo.url}/projects/demo/leaderboard", wait_until="networkidle")
    page.locator(".chart .main-svg").first.wait_for()

    page.locator("table.leaderboard tbody tr:not(.lb-tier)").first.locator("td a").last.click()
    page.wait_for_url("**/matches?**")
    page.locator("a[href*='/matches/']").first.click()
    page.locator(".outputs").first.wait_for()

    assert page.locator(".judgment").count() >= 1
    assert seen.faults == []
    page.context.close()


def test_the_chart_takes_no_markup_from_names(browser, demo):
    """plotly.js would set it by inline styles, which the policy of the pages refuses."""
    names = ["bot <b>x</b>", "newbot <br>"]
    demo.call("POST", "/projects", {"slug": "names", "name": "Names"})
    demo.call("POST", "/projects/names/prompts", {"id": "p", "text": "Why?"})
    outputs = [{"prompt": "p", "competitor": name, "text": name} for name in names]
    demo.call("POST", "/projects/names/outputs", outputs)
    verdict = {"prompt": "p", "competitor_a": names[0], "competitor_b": names[1], "winner": "a"}
    demo.call("POST", "/projects/names/judgments", verdict | {"judge": "me", "judge_kind": "human"})
    seen = watch(browser, demo, viewport={"width": 1400, "height": 900})

    seen.page.goto(f"{demo.url}/projects/names/leaderboard", wait_until="networkidle")
    assert sorted(seen.page.locator(".chart .ytick").all_text_contents()) == names
    seen.page.locator(".chart .point").first.hover(force=True)
    expect(seen.page.locator(".chart .hovertext")).to_contain_text(names[0])

    assert seen.faults == []
    seen.page.context.close()


def sign_in(page, demo):
    page.goto(demo.manage("arena_sign_in", "--url", demo.url).stdout.strip())
    page.locator("main form button").click()
    page.wait_for_load_state()


def test_a_person_decides_a_tournament_by_keyboard_alone(browser, demo):
    """A tournament waits for a person, who never sees a name."""
    demo.call("POST", "/projects/demo/judges", {"name": "me", "kind": "human"})
    cup = demo.call(
        "POST", "/projects/demo/tournaments",
        {"name": "by hand", "format": "round_robin", "judges": ["me"],
         "competitors": ["siskin", "whimbrel"], "slice": {"category": "maths"}},
    )  # fmt: skip
    path = f"/projects/demo/tournaments/{cup['id']}"
    planned = demo.call("POST", f"{path}/start")["progress"]["planned"]
    demo.wait_for(lambda: demo.call("GET", path)["status"] == "waiting", 30)
    seen = watch(browser, demo, viewport={"width": 390, "height": 800})
    page = seen.page
    sign_in(page, demo)
    page.goto(f"{demo.url}/projects/demo/rate", wait_until="networkidle")
    if (button := page.get_by_role("button", name="Begin")).count():
        button.click()
        page.wait_for_load_state("networkidle")

    for done, key in enumerate(["a", "b", "t", "x"][:planned], start=1):
        shown = page.content()
        assert not any(name in shown for name in ("siskin", "whimbrel")), "a name is on the page"
        page.wait_for_timeout(400)  # keys rest for a moment, so that a double press is no verdict
        page.keyboard.press(key)
        expect(page.locator(".judging-progress b").first).to_have_text(str(done))

    ended = demo.wait_for(  # the last answer could be taken back for a while
        lambda: (found := demo.call("GET", path))["status"] == "completed" and found, 90
    )
    assert ended["progress"]["decided"] == planned >= 3
    assert seen.faults == []
    page.context.close()
