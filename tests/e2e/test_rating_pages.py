"""The pages for scores and for orders, in a real browser: by keys alone, by dragging, as forms."""

import time

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import watch
from tests.e2e.test_rating import SETTLE_MS, begin, done, opened, overflow
from tests.e2e.test_rating import Campaigns as OfPairs

pytestmark = pytest.mark.e2e

expect.set_options(timeout=20_000)

ALL_OF_FOUR = """[pair for prompt in demo.prompts.order_by('pk')[:{}] for pair in
    combinations(sorted(prompt.outputs.values_list('pk', flat=True))[:4], 2)]"""
"""All pairs of four outputs to each of so many prompts."""


class Campaigns(OfPairs):
    def start(self, name, page, prompts, **settings):
        pairs = ALL_OF_FOUR.format(prompts)
        return super().start(name, pairs=pairs, params={"page": page}, **settings)

    def recorded(self, key, field):
        """What stands in a column of the campaign's judgments, oldest first."""
        code = (
            "from judges.models import Judgment\n"
            f"rows = Judgment.objects.filter(judge__campaign__key={key!r}).order_by('pk')\n"
            f"print(list(rows.values_list({field!r}, flat=True)))"
        )
        return eval(self.demo.shell(code), {"None": None})

    def winners(self, key, count):
        """Once so many judgments are on record: the sweep makes them of what is final."""
        for _ in range(60):
            if len(found := self.recorded(key, "winner")) >= count:
                return found
            time.sleep(1)
        raise AssertionError(f"fewer than {count} judgments: {found}")


@pytest.fixture(scope="module")
def campaigns(demo):
    return Campaigns(demo)


def press(page, *keys):
    page.wait_for_timeout(SETTLE_MS)
    for key in keys:
        page.keyboard.press(key)


def finish(page):
    page.get_by_role("button", name="Finish for now").click()
    page.get_by_role("heading", name="Thank you").wait_for()


def order(page):
    return page.locator(".pair [data-order]").inner_text()


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (1400, "light"), (1400, "dark")]
)
def test_five_pairs_scored_by_keyboard_alone(browser, demo, campaigns, width, scheme):
    key = campaigns.start(f"scores {width} {scheme}", "scoring", 1)
    seen, page = opened(browser, demo, key, width, color_scheme=scheme)
    page.evaluate("window.here = true")

    for number, digits in enumerate(("42", "33", "11", "15", "54"), start=1):
        press(page, *digits, "Enter")
        expect(done(page)).to_have_text(str(number))
        assert overflow(page) <= 0
    press(page, "u")
    expect(done(page)).to_have_text("4")
    assert page.locator(".scale input:checked").count() == 2, "what was chosen is still there"
    press(page, "Backspace", "Backspace", "2", "5", "Enter")
    expect(done(page)).to_have_text("5")

    assert page.evaluate("window.here"), "the page was loaded anew"
    finish(page)
    scores = zip(
        campaigns.recorded(key, "score_a"), campaigns.recorded(key, "score_b"), strict=True
    )
    assert [sorted(pair) for pair in scores] == [[2, 4], [3, 3], [1, 1], [1, 5], [2, 5]]
    assert campaigns.recorded(key, "winner")[1:3] == ["tie", "both_bad"]
    assert seen.faults == []
    page.context.close()


def test_nothing_is_sent_before_both_have_a_score(browser, demo, campaigns):
    key = campaigns.start("half scored", "scoring", 1)
    seen, page = opened(browser, demo, key)
    press(page, "4", "Enter")
    page.wait_for_timeout(SETTLE_MS)

    assert page.locator("[data-scores]").evaluate("form => !form.checkValidity()")
    press(page, "4", "Enter")
    expect(done(page)).to_have_text("1")
    assert seen.faults == []
    page.context.close()


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (1400, "light"), (1400, "dark")]
)
def test_three_groups_put_in_order_by_keyboard_alone(browser, demo, campaigns, width, scheme):
    key = campaigns.start(f"orders {width} {scheme}", "ranking", 3)
    seen, page = opened(browser, demo, key, width, color_scheme=scheme)
    page.evaluate("window.here = true")

    expect(page.locator("[data-order]").first).to_have_text("A > B > C > D")
    press(page, "c", "1")
    assert order(page) == "C > A > B > D"
    press(page, "ArrowDown", "d", "ArrowUp", "=")
    assert order(page) == "A > C = D > B"
    assert overflow(page) <= 0
    assert page.evaluate("document.activeElement.closest('[data-card]').dataset.card") == "D"
    press(page, "Enter")
    expect(done(page)).to_have_text("6")

    press(page, "b", "=", "a", "4", "Enter")
    expect(done(page)).to_have_text("12")
    press(page, "u")
    expect(done(page)).to_have_text("6")
    assert order(page) == "B > C > D > A", "as it was left"
    press(page, "d", "1", "Enter")
    expect(done(page)).to_have_text("12")
    press(page, "Enter")
    page.get_by_text("Nothing was moved").wait_for()
    press(page, "Enter")
    page.get_by_text("All done").wait_for()

    assert page.evaluate("window.here"), "the page was loaded anew"
    assert seen.faults == []
    winners = campaigns.winners(key, 12)
    assert winners[:6].count("tie") == 1
    page.context.close()


@pytest.mark.parametrize("kind", ["pairs", "scoring", "ranking"])
def test_phones_are_told_of_no_keys(browser, demo, campaigns, kind):
    key = campaigns.start(f"phone {kind}", kind, 2)
    hints = ":is(kbd, .for-keys):visible"
    for options, are_shown in (({"has_touch": True, "is_mobile": True}, False), ({}, True)):
        page = opened(browser, demo, key, 390, **options)[1]
        assert page.locator(".pair kbd").count() > 0
        assert bool(page.locator(hints).count()) == are_shown
        page.context.close()


def test_a_card_is_dragged_by_its_letter(browser, demo, campaigns):
    key = campaigns.start("dragged", "ranking", 2)
    seen, page = opened(browser, demo, key, 820)
    drag(page, "A", below="C")
    assert order(page) == "B > C > A > D"
    drag(page, "D", above="B")
    assert order(page) == "D > B > C > A"
    page.locator('[data-card="C"] [data-tie]').check()
    assert order(page) == "D > B = C > A"
    page.get_by_role("button", name="Answer D one down").click()
    assert order(page) == "B = D = C > A", "put among equals it is their equal"
    page.wait_for_timeout(SETTLE_MS)
    page.get_by_role("button", name="Record this order").click()
    expect(done(page)).to_have_text("6")
    assert seen.faults == []
    page.context.close()


def drag(page, letter, *, below=None, above=None):
    """Drag a card by the mouse past the middle of another."""
    page.locator(f'[data-card="{letter}"]').scroll_into_view_if_needed()
    handle = page.locator(f'[data-card="{letter}"] [data-handle]').bounding_box()
    page.mouse.move(handle["x"] + 20, handle["y"] + 20)
    page.mouse.down()
    page.mouse.move(handle["x"] + 20, handle["y"] + 30, steps=2)
    y = handle["y"] + 30
    for _ in range(400):
        target = page.locator(f'[data-card="{below or above}"]').bounding_box()
        middle = target["y"] + target["height"] / 2
        letters = page.locator("[data-card]").evaluate_all("all => all.map(c => c.dataset.card)")
        at, other = letters.index(letter), letters.index(below or above)
        if (below and at > other) or (above and at < other):
            break
        wanted = middle + 4 if below else middle - 4
        y = min(max(wanted, 10), 890)
        page.mouse.move(handle["x"] + 20, y, steps=3)
        page.wait_for_timeout(20)
    page.mouse.up()


def test_orders_and_scores_are_forms_without_scripts(browser, demo, campaigns):
    ranking = campaigns.start("plain orders", "ranking", 2, access="open")
    scoring = campaigns.start("plain scores", "scoring", 1, access="open")
    seen = watch(browser, demo, viewport={"width": 820, "height": 900}, java_script_enabled=False)
    page = seen.page
    page.goto(f"{demo.url}/rate/{ranking}")
    begin(page)
    for letter, place in zip("ABCD", ("2", "1", "2", "4"), strict=True):
        page.locator(f'.pair select[name="place-{letter}"]').first.select_option(place)
    page.get_by_role("button", name="Record this order").first.click()
    page.get_by_text("Recorded.").wait_for()
    expect(done(page)).to_have_text("6")

    page.goto(f"{demo.url}/rate/{scoring}")
    begin(page)
    page.locator('.pair input[name="score-first"][value="4"]').first.check(force=True)
    page.locator('.pair input[name="score-second"][value="2"]').first.check(force=True)
    page.get_by_role("button", name="Record").first.click()
    page.get_by_text("Recorded.").wait_for()
    expect(done(page)).to_have_text("1")
    page.context.close()
