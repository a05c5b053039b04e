"""The pages for scores and for orders, without their scripts, and what they never show."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from arena.models import Comparison, Competitor, Output, Project, Prompt
from judges.models import Assignment, Campaign, Decision, GoldQuestion, Judgment
from judges.services import decisions
from judges.services.people import gold, recording
from tests import factories
from tests.judges import marked
from tests.judges.marked import HTMX, everything_sent, leaks, pair, say, token_on, tokens_on

pytestmark = pytest.mark.django_db

BIRDS = ("heron", "egret", "stork", "crane")


def text(response: HttpResponse) -> str:
    return response.content.decode()


def opened(
    project: Project, page: str, comparisons: list[Comparison], raters: int = 1, **settings: Any
) -> Campaign:
    judge = factories.judge(project, "human", "people", page=page, raters=raters)
    decisions.ask(judge, [comparison.pk for comparison in comparisons])
    Campaign.objects.filter(judge=judge).update(**settings)
    return Campaign.objects.get(judge=judge)


def scored(project: Project, count: int = 2, **settings: Any) -> Campaign:
    made = [pair(project, n, [f"heron says {n}"], [f"egret says {n}"]) for n in range(count)]
    return opened(project, "scoring", made, **settings)


def flock(project: Project, number: int, birds: int = 4) -> list[Comparison]:
    """All comparisons of the marked outputs of several birds to one prompt."""
    asked = Prompt.objects.create(
        project=project, key=f"zq-p{number}", messages=[{"role": "user", "content": "Sing!"}],
        reference="The reference.", metadata={"m": "zq-meta"},
    )  # fmt: skip
    outputs = []
    for place, bird in enumerate(BIRDS[:birds]):
        who, _ = Competitor.objects.get_or_create(
            id=marked.COMPETITORS + place, defaults={"project": project, "name": f"zq-{bird}"}
        )
        outputs.append(
            Output.objects.create(
                id=marked.OUTPUTS + 10 * number + place, prompt=asked, competitor=who,
                turns=[f"{bird} says {number}"], tokens_out=6_640_001, latency_ms=6_640_002,
                metadata={"m": "zq-meta"},
            )
        )  # fmt: skip
    return [
        Comparison.objects.create(
            id=marked.COMPARISONS + 10 * number + at, prompt=asked, output_a=a, output_b=b
        )
        for at, (a, b) in enumerate(combinations(outputs, 2))
    ]


def ranked(project: Project, prompts: int = 2, raters: int = 1, **settings: Any) -> Campaign:
    made = [one for number in range(prompts) for one in flock(project, number)]
    return opened(project, "ranking", made, raters, **settings)


def birds_on(page: HttpResponse) -> list[str]:
    """The answers of the first ranking in a page or reply, as they stand on it."""
    shown = text(page).split("data-ranking")[1].split("</form>")[0]
    return re.findall(r"(heron|egret|stork|crane) says", shown)


def places(page: HttpResponse, best_first: str) -> dict[str, str]:
    """The form of an order such as "heron > egret = stork > crane"."""
    wanted, at = {}, 1
    for tied in best_first.split(" > "):
        for bird in tied.split(" = "):
            wanted[bird] = at
        at += tied.count("=") + 1
    letters = zip("ABCDEFGH", birds_on(page), strict=False)
    return {f"place-{letter}": str(wanted[bird]) for letter, bird in letters}


def verdicts() -> dict[tuple[str, str], str | None]:
    rows = Judgment.objects.select_related("comparison__output_a", "comparison__output_b")
    return {
        (_bird(row.comparison.output_a), _bird(row.comparison.output_b)): row.winner for row in rows
    }


def _bird(output: Output) -> str:
    return str(output.turns[0]).split()[0]


# --- Blindness ------------------------------------------------------------------------------------


def test_nothing_sent_by_the_scoring_page_tells_who_wrote_what(
    rater: Client, project: Project, settings: Settings
) -> None:
    settings.UNDO_SECONDS = 30
    campaign = scored(project, 4, gold_every=2, criteria=[{"key": "k", "label": "K"}])
    for number in range(4, 7):
        marked.gold(campaign, number)
    pages = [rater.get(f"/rate/{campaign.key}")]
    both = {"score-first": "4", "score-second": "2"}
    for _ in range(3):
        pages.append(say(rater, campaign, token_on(pages[-1]), "given", **both, **HTMX))
    pages.append(rater.post(f"/rate/{campaign.key}/undo", **HTMX))
    pages.append(say(rater, campaign, token_on(pages[-1]), "skip", **HTMX))
    pages.append(say(rater, campaign, token_on(pages[-1]), "given", **both))
    pages.append(rater.get(f"/rate/{campaign.key}"))

    assert Assignment.objects.filter(gold__isnull=False).exists()
    for page in pages:
        assert list(leaks(everything_sent(page))) == []
    assert all("data-scores" in text(page) for page in pages[:6])


def test_nothing_sent_by_the_ranking_page_tells_who_wrote_what(
    rater: Client, project: Project, settings: Settings
) -> None:
    settings.UNDO_SECONDS = 30
    campaign = ranked(project, 5)
    pages = [rater.get(f"/rate/{campaign.key}")]
    order = "stork > heron = crane > egret"
    for _ in range(2):
        sent = places(pages[-1], order)
        pages.append(say(rater, campaign, token_on(pages[-1]), "given", **sent, **HTMX))
    pages.append(rater.post(f"/rate/{campaign.key}/undo", **HTMX))
    pages.append(say(rater, campaign, token_on(pages[-1]), "skip", **HTMX))
    pages.append(say(rater, campaign, token_on(pages[-1]), "given", **places(pages[-1], order)))
    pages.append(rater.get(f"/rate/{campaign.key}"))
    pages.append(rater.get(f"/rate/{campaign.key}/done"))

    assert "The reference." in text(pages[0])
    assert [len(birds_on(page)) for page in pages[:2]] == [4, 4]
    for page in pages:
        assert list(leaks(everything_sent(page))) == []


def test_the_order_of_the_cards_is_drawn(rater: Client, project: Project) -> None:
    campaign = ranked(project, 12)
    seen, page = set(), rater.get(f"/rate/{campaign.key}")
    while tokens_on(page):
        seen.add(tuple(birds_on(page)))
        page = say(rater, campaign, token_on(page), "skip", **HTMX)

    assert len(seen) > 4
    assert len({birds[0] for birds in seen}) > 1


def test_pages_obey_the_content_security_policy(rater: Client, project: Project) -> None:
    for campaign in (ranked(project, 1, reasons=["x"]),):
        page = text(rater.get(f"/rate/{campaign.key}"))
        assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+=\"", page)


# --- Scores ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize(
    ("scores", "winner"), [("52", "a"), ("25", "b"), ("33", "tie"), ("11", "both_bad")]
)
def test_scores_are_kept_for_the_outputs_they_were_given_to(
    rater: Client, project: Project, order: str, scores: str, winner: str
) -> None:
    campaign = scored(project, 1, reasons=["Clearer"])
    page = rater.get(f"/rate/{campaign.key}")
    Assignment.objects.update(order=order)
    first, second = scores if order == "ab" else scores[::-1]

    say(rater, campaign, token_on(page), "given", reason="Clearer", comment=" So. ",
        **{"score-first": first, "score-second": second})  # fmt: skip

    judgment = Judgment.objects.get()
    assert (judgment.score_a, judgment.score_b) == (float(scores[0]), float(scores[1]))
    assert (judgment.winner, judgment.order, judgment.reason) == (winner, order, "So.")
    assert judgment.details["reasons"] == ["Clearer"]
    assert Decision.objects.get().winner == winner


@pytest.mark.parametrize(
    "wrong",
    [
        {"score-first": ""}, {"score-second": ""}, {"score-first": "0"}, {"score-second": "6"},
        {"score-first": "2.5"}, {"preference": "first"}, {"token": "forged"},
    ],
)  # fmt: skip
def test_scores_that_cannot_be_read_are_not_recorded(
    rater: Client, project: Project, wrong: dict[str, str]
) -> None:
    campaign = scored(project, 1)
    token = token_on(rater.get(f"/rate/{campaign.key}"))
    form = {"token": token, "preference": "given", "score-first": "4", "score-second": "4", **wrong}

    response = rater.post(f"/rate/{campaign.key}", form, **HTMX)

    assert 'data-outcome="unread"' in text(response)
    assert not Judgment.objects.exists()


def test_gold_on_the_scoring_page_is_scored_and_looks_like_all_others(
    rater: Client, project: Project
) -> None:
    campaign = scored(project, 6, gold_every=2)
    for number in range(6, 9):
        marked.gold(campaign, number)
    page = rater.get(f"/rate/{campaign.key}")
    while tokens_on(page):
        assert text(page).count("data-scores") == text(page).count("data-pair=")
        sent = {"score-first": "5", "score-second": "3"}
        page = say(rater, campaign, token_on(page), "given", **sent, **HTMX)

    gold = Assignment.objects.filter(gold__isnull=False)
    assert gold
    assert {row.answer["preference"] for row in gold} == {"first"}
    assert Judgment.objects.count() == 6


def test_the_warm_up_of_a_scoring_page_is_scored(rater: Client, project: Project) -> None:
    campaign = scored(project, 1)
    marked.gold(campaign, 5, is_warm_up=True)
    rater.post(f"/rate/{campaign.key}/welcome")
    page = rater.get(f"/rate/{campaign.key}/warm-up")
    form = {"token": token_on(page), "preference": "given", "score-first": "4", "score-second": "4"}

    lesson = rater.post(f"/rate/{campaign.key}/warm-up", form)

    assert "data-scores" in text(page)
    assert "They are equally good." in text(lesson)


# --- Orders ---------------------------------------------------------------------------------------


def test_one_order_decides_all_pairs(rater: Client, rita: User, project: Project) -> None:
    campaign = ranked(project, 1, reasons=["Clearer"])
    page = rater.get(f"/rate/{campaign.key}")

    say(rater, campaign, token_on(page), "given", reason="Clearer", comment="So.",
        **places(page, "crane > heron = egret > stork"))  # fmt: skip

    assert verdicts() == {
        ("heron", "egret"): "tie", ("heron", "stork"): "a", ("heron", "crane"): "b",
        ("egret", "stork"): "a", ("egret", "crane"): "b", ("stork", "crane"): "b",
    }  # fmt: skip
    shown, screens = birds_on(page), set()
    for judgment in Judgment.objects.select_related("comparison__output_a", "comparison__output_b"):
        pair = judgment.comparison.output_a, judgment.comparison.output_b
        a, b = (shown.index(_bird(output)) for output in pair)
        assert judgment.order == ("ab" if a < b else "ba"), "as they stood on the page"
        assert judgment.details["places"] == sorted((a, b))
        ranks = [[shown[at] for at in tied] for tied in judgment.details["ranks"]]
        assert [set(tied) for tied in ranks] == [{"crane"}, {"heron", "egret"}, {"stork"}]
        assert judgment.details["reasons"] == ["Clearer"]
        assert (judgment.reason, judgment.rater) == ("So.", rita)
        screens.add(judgment.details["screen"])
    assert len(screens) == 1
    assert set(Decision.objects.values_list("status", flat=True)) == {"decided"}


def test_progress_counts_comparisons_and_time_is_shared(rater: Client, project: Project) -> None:
    campaign = ranked(project, 2)
    page = rater.get(f"/rate/{campaign.key}")
    Assignment.objects.filter(shown_at__isnull=False).update(
        shown_at=timezone.now() - timedelta(seconds=48)
    )
    cache.clear()  # what was counted in full

    reply = say(rater, campaign, token_on(page), "given",
                **places(page, "crane > heron > egret > stork"), **HTMX)  # fmt: skip

    assert "<b>6</b> done, <b>6</b> to go" in text(reply)
    assert "about 1 min" in text(reply)
    assert {round(row.details["seconds"]) for row in Judgment.objects.all()} == {8}


def test_undo_takes_back_the_whole_screen(
    rater: Client, project: Project, settings: Settings
) -> None:
    settings.UNDO_SECONDS = 30
    campaign = ranked(project, 2)
    page = rater.get(f"/rate/{campaign.key}")
    before = birds_on(page)
    token = token_on(page)
    sent = places(page, "crane > heron > egret > stork")
    say(rater, campaign, token, "given", **sent, **HTMX)
    assert Assignment.objects.filter(answered_at__isnull=False).count() == 6

    undone = rater.post(f"/rate/{campaign.key}/undo", **HTMX)

    assert 'data-outcome="undone"' in text(undone)
    assert (token_on(undone), birds_on(undone)) == (token, before)
    assert not Assignment.objects.filter(answered_at__isnull=False).exists()
    say(rater, campaign, token, "given", **places(page, "stork > heron > egret > crane"), **HTMX)
    rater.post(f"/rate/{campaign.key}/done")
    assert verdicts()[("stork", "crane")] == "a"
    assert Judgment.objects.count() == 6
    assert 'data-outcome="kept"' in text(rater.post(f"/rate/{campaign.key}/undo", **HTMX))


def test_the_next_order_seals_the_one_before(
    rater: Client, project: Project, settings: Settings
) -> None:
    settings.UNDO_SECONDS = 30
    campaign = ranked(project, 2)
    page = rater.get(f"/rate/{campaign.key}")
    for recorded in (0, 6):
        sent = places(page, "crane > heron > egret > stork")
        page = say(rater, campaign, token_on(page), "given", **sent, **HTMX)
        recording.record_due()
        assert Judgment.objects.count() == recorded


def test_a_skip_leaves_the_whole_screen_to_others(
    rater: Client, project: Project, member: User
) -> None:
    campaign = ranked(project, 1)
    page = rater.get(f"/rate/{campaign.key}")
    ended = say(rater, campaign, token_on(page), "skip", **HTMX)
    assert "6 comparisons that you skipped" in text(ended)
    other = Client()
    other.force_login(member)

    theirs = other.get(f"/rate/{campaign.key}")
    assert len(birds_on(theirs)) == 4
    assert Assignment.objects.count() == 12
    say(other, campaign, token_on(theirs), "skip", **HTMX)
    assert "6 skipped taken back" in text(
        rater.post(f"/rate/{campaign.key}/take-back", follow=True)
    )
    assert birds_on(rater.get(f"/rate/{campaign.key}")) == birds_on(page)


def test_the_same_order_sent_again_counts_once_and_another_does_not(
    rater: Client, project: Project
) -> None:
    campaign = ranked(project, 1)
    page = rater.get(f"/rate/{campaign.key}")
    sent, other = (places(page, order) for order in ("crane > heron > egret > stork",
                                                     "stork > heron > egret > crane"))  # fmt: skip
    token = token_on(page)

    replies = [text(say(rater, campaign, token, "given", **one, **HTMX))
               for one in (sent, sent, other)]  # fmt: skip

    outcomes = [re.findall(r'data-outcome="([\w-]+)"', reply)[0] for reply in replies]
    assert outcomes == ["recorded", "recorded", "repeated"]
    assert 'data-outcome="repeated"' in text(say(rater, campaign, token, "skip", **HTMX))
    assert Judgment.objects.count() == 6


@pytest.mark.parametrize(
    "wrong",
    [
        {"place-A": ""}, {"place-D": "5"}, {"place-B": "0"}, {"place-C": "x"},
        {"preference": "first"}, {"token": "forged"}, {"comment": "x" * 5001},
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_read_is_not_recorded(
    rater: Client, project: Project, wrong: dict[str, str]
) -> None:
    campaign = ranked(project, 1)
    page = rater.get(f"/rate/{campaign.key}")
    sent = places(page, "crane > heron > egret > stork")
    form = {"token": token_on(page), "preference": "given", **sent, **wrong}

    response = rater.post(f"/rate/{campaign.key}", form, **HTMX)

    assert 'data-outcome="unread"' in text(response)
    assert not Assignment.objects.filter(answered_at__isnull=False).exists()


def test_the_screen_of_another_is_worth_nothing(
    rater: Client, project: Project, member: User
) -> None:
    campaign = ranked(project, 2)
    other = Client()
    other.force_login(member)
    theirs = other.get(f"/rate/{campaign.key}")

    reply = say(rater, campaign, token_on(theirs), "given",
                **places(theirs, "crane > heron > egret > stork"), **HTMX)  # fmt: skip

    assert 'data-outcome="unread"' in text(reply)
    assert not Judgment.objects.exists()


def test_a_screen_stays_whole_when_others_decide_a_part_of_it(
    rater: Client, project: Project
) -> None:
    campaign = ranked(project, 1)
    page = rater.get(f"/rate/{campaign.key}")
    Decision.objects.filter(pk=Decision.objects.first().pk).update(status="decided", winner="a")

    assert birds_on(rater.get(f"/rate/{campaign.key}")) == birds_on(page)
    say(rater, campaign, token_on(page), "given", **places(page, "crane > heron > egret > stork"))
    assert Judgment.objects.count() == 6


def known(campaign: Campaign, comparisons: list[Comparison]) -> None:
    """Make gold of these; the first of the two is the better one."""
    for number, comparison in enumerate(comparisons):
        GoldQuestion.objects.create(
            id=marked.GOLD_IDS + number, campaign=campaign, comparison=comparison, expected="a"
        )


def test_a_page_of_gold_looks_like_all_others(rater: Client, project: Project) -> None:
    campaign = ranked(project, 4, gold_every=2)
    known(campaign, [*flock(project, 4)[:1], *flock(project, 5)[:1]])
    sizes, pages = [], [rater.get(f"/rate/{campaign.key}")]
    while tokens_on(pages[-1]):
        sizes.append(len(birds_on(pages[-1])))
        sent = places(pages[-1], "heron > egret > stork > crane")
        pages.append(say(rater, campaign, token_on(pages[-1]), "given", **sent, **HTMX))

    asked = Assignment.objects.filter(gold__isnull=False)
    assert (len(asked), sizes) == (2, [4] * 6)
    assert all(map(gold.is_right, asked))
    for page in pages:
        assert list(leaks(everything_sent(page))) == []


def test_gold_among_pairs_is_a_pair(rater: Client, project: Project) -> None:
    two = [one for number in range(4) for one in flock(project, number, birds=2)]
    campaign = opened(project, "ranking", two, gold_every=2)
    known(campaign, [*flock(project, 4)[:1], *flock(project, 5)[:1]])
    page = rater.get(f"/rate/{campaign.key}")
    while tokens_on(page):
        assert "data-ranking" not in text(page)
        page = say(rater, campaign, token_on(page), "tie", **HTMX)

    assert Assignment.objects.filter(gold__isnull=False).count() == 2
    assert Assignment.objects.filter(screen="").count() == 6
