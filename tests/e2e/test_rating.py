"""People who judge, in a real browser: by keys alone, by hand, with a bad connection, as guests."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import watch

pytestmark = pytest.mark.e2e

SETTLE_MS = 400
"""Keys rest for a moment after a new pair, so that a double press is no verdict."""
TAPS = "a", "b", "t", "x"
FEW = """[pair for prompt in demo.prompts.all() for pair in
    list(combinations(prompt.outputs.values_list('pk', flat=True), 2))[:3]][:24]"""
"""Pairs of outputs, in the site's own Django."""

expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def campaigns(demo):
    """Campaigns by name, each with many pairs of the demo set, and ways to look at them."""
    return Campaigns(demo)


class Campaigns:
    def __init__(self, demo):
        self.demo = demo
        found = demo.call("GET", "/projects/demo/competitors")
        self.names = {one["name"] for one in found["results"]}

    def start(self, name, pairs=FEW, params=None, **settings):
        """Open a campaign and return its key; settings are columns of the campaign."""
        return self.demo.shell(
            "from itertools import combinations\n"
            "from arena.models import Project\n"
            "from arena.services import comparisons\n"
            "from judges.models import Campaign\n"
            "from judges.services import decisions\n"
            "from judges.services.judges import define\n"
            "demo = Project.objects.get(slug='demo')\n"
            f"judge = define(project=demo, name={name!r}, kind='human', params={params or {}})\n"
            f"decisions.ask(judge, sorted(comparisons.ensure({pairs}).values()))\n"
            f"columns = {{'title': {name!r}, **{settings!r}}}\n"
            "Campaign.objects.filter(judge=judge).update(**columns)\n"
            "print(judge.campaign.key)"
        )

    def judgments(self, key):
        code = (
            "from judges.models import Judgment\n"
            f"print(Judgment.objects.filter(judge__campaign__key={key!r}).count())"
        )
        return int(self.demo.shell(code))


def sign_in(page, demo):
    page.goto(demo.manage("arena_sign_in", "--url", demo.url).stdout.strip())
    page.locator("main form button").click()
    page.wait_for_load_state()


def judge(page, key):
    page.wait_for_timeout(SETTLE_MS)
    page.keyboard.press(key)


def done(page):
    return page.locator(".judging-progress b").first


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1400])
def test_twenty_pairs_by_keyboard_alone_without_a_reload(browser, demo, campaigns, width, scheme):
    key = campaigns.start(f"keys {width} {scheme}")
    seen, page = opened(browser, demo, key, width, color_scheme=scheme)
    page.evaluate("window.here = true")

    texts = set()
    for number in range(20):
        texts.add(page.locator(".pair .outputs").first.inner_text())
        judge(page, TAPS[number % len(TAPS)])
        expect(done(page)).to_have_text(str(number + 1))
        assert page.evaluate("document.activeElement.matches('.pair [data-focus]')")
        assert overflow(page) <= 0
        assert not campaigns.names & set(re.findall(r"\w+", page.content())), (
            "a name is on the page"
        )
    judge(page, "u")
    expect(done(page)).to_have_text("19")
    judge(page, "b")
    expect(done(page)).to_have_text("20")

    assert page.evaluate("window.here"), "the page was loaded anew"
    assert len(texts) == 20
    page.get_by_role("button", name="Finish for now").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    assert campaigns.judgments(key) == 20
    assert seen.faults == []
    page.context.close()


def overflow(page):
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def test_undo_shows_the_pair_again_with_what_was_written(browser, demo, campaigns):
    key = campaigns.start("undone", reasons=["Clearer", "More correct"])
    seen, page = opened(browser, demo, key)
    before = page.locator(".pair .outputs").first.inner_text()
    page.keyboard.press("c")
    page.keyboard.type("Because of the rhyme. It is a beat")
    page.keyboard.press("Escape")
    page.get_by_label("Clearer").check()
    judge(page, "a")
    expect(done(page)).to_have_text("1")

    judge(page, "Control+z")

    expect(done(page)).to_have_text("0")
    assert page.locator(".pair .outputs").first.inner_text() == before
    assert page.locator("textarea").input_value() == "Because of the rhyme. It is a beat"
    assert page.get_by_label("Clearer").is_checked()
    assert seen.faults == []
    page.context.close()


def test_a_key_pressed_twice_judges_once(browser, demo, campaigns):
    key = campaigns.start("twice")
    _, page = opened(browser, demo, key)

    judge(page, "a")
    page.keyboard.press("a")
    expect(done(page)).to_have_text("1")
    page.wait_for_timeout(SETTLE_MS)

    expect(done(page)).to_have_text("1")
    page.context.close()


def test_an_answer_that_cannot_be_sent_comes_back_with_its_pair(browser, demo, campaigns):
    key = campaigns.start("offline")
    _, page = opened(browser, demo, key)
    before = page.locator(".pair .outputs").first.inner_text()
    page.context.set_offline(True)
    judge(page, "b")
    assert page.locator(".pair .outputs").first.inner_text() != before, "the next pair is there"
    page.get_by_text("could not be sent").wait_for(timeout=15_000)
    assert page.locator(".pair .outputs").first.inner_text() == before
    page.context.set_offline(False)

    judge(page, "b")
    expect(done(page)).to_have_text("1")
    judge(page, "t")
    expect(done(page)).to_have_text("2")
    page.get_by_role("button", name="Finish for now").click()
    page.get_by_role("heading", name="Thank you").wait_for()

    assert campaigns.judgments(key) == 2
    page.context.close()


def test_a_reply_that_is_lost_does_not_count_twice(browser, demo, campaigns):
    key = campaigns.start("lost")
    _, page = opened(browser, demo, key)
    lost = []

    def lose_first(route):
        route.fetch()
        if lost:
            return route.continue_()
        lost.append(route.request.url)
        return route.abort()

    page.route(f"**/rate/{key}", lose_first)
    judge(page, "a")
    expect(done(page)).to_have_text("1", timeout=10_000)
    page.unroute(f"**/rate/{key}")
    judge(page, "b")
    expect(done(page)).to_have_text("2")
    page.get_by_role("button", name="Finish for now").click()
    page.get_by_role("heading", name="Thank you").wait_for()

    assert lost
    assert campaigns.judgments(key) == 2
    page.context.close()


def test_a_guest_on_a_phone_swipes_and_taps(browser, demo, campaigns):
    key = campaigns.start("guests", access="open")
    seen = watch(
        browser, demo, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = seen.page
    page.goto(f"{demo.url}/rate/{key}")
    begin(page)

    page.get_by_role("button", name="Answer B", exact=True).tap()
    expect(page.locator("[data-show=B]")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("document.querySelector('[data-outputs]').scrollLeft") > 100
    page.wait_for_timeout(SETTLE_MS)
    page.get_by_role("button", name="B is better").tap()

    expect(done(page)).to_have_text("1")
    assert overflow(page) <= 0
    assert seen.faults == []
    page.context.close()


def test_without_scripts_the_page_is_a_form(browser, demo, campaigns):
    key = campaigns.start("plain", access="open")
    seen = watch(browser, demo, viewport={"width": 820, "height": 900}, java_script_enabled=False)
    page = seen.page
    page.goto(f"{demo.url}/rate/{key}")
    begin(page)

    page.get_by_role("button", name="A is better").click()
    page.get_by_text("Recorded.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Taken back.").wait_for()
    page.get_by_role("button", name="Tie").click()
    expect(done(page)).to_have_text("1")

    assert page.locator(".pair:visible").count() == 1
    page.context.close()


def opened(browser, demo, key, width=1400, **options):
    """A page of the campaign, of somebody who is signed in."""
    seen = watch(browser, demo, viewport={"width": width, "height": 900}, **options)
    sign_in(seen.page, demo)
    seen.page.goto(f"{demo.url}/rate/{key}")
    begin(seen.page)
    return seen, seen.page


def begin(page):
    """Go past the pages that ask for a name, and for languages."""
    while (button := page.get_by_role("button", name="Begin")).count():
        button.click()
        page.wait_for_load_state()
    page.locator(".pair").first.wait_for()
    page.wait_for_load_state("networkidle")
