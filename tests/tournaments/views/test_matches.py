from __future__ import annotations

import pytest
from django.test import Client

from arena.models import Project, Role
from judges.models import Decision, Judgment
from tests import factories
from tests.tournaments.views.worlds import (
    CSP_BREAKERS,
    decide,
    play_out,
    played,
    queries,
    started,
)
from tournaments.models import Match, Tournament

pytestmark = pytest.mark.django_db

LIST = "/projects/haiku/matches"
HOSTILE = "<script>alert(1)</script> **bold** <img src=x onerror=alert(1)>"


def address(match: Match) -> str:
    return f"{LIST}/{match.pk}"


def count(client: Client, query: str) -> int:
    return client.get(f"{LIST}{query}").context["page"].paginator.count


# --- The list -----------------------------------------------------------------------------------


def test_without_matches_it_says_what_will_stand_here(editor: Client) -> None:
    assert b"No matches yet" in editor.get(LIST).content


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 9),
        ("?competitor=cat", 6),
        ("?competitor=cat&opponent=ann", 3),
        ("?competitor=cat&result=won", 6),
        ("?competitor=ben&result=lost", 3),
        ("?competitor=ben&result=tied", 0),
        ("?result=decided", 9),
        ("?result=won", 9),  # of nobody: it cannot be said, so nothing is left out
        ("?prompt=p1", 3),
        ("?category=even", 6),
        ("?judge=people&competitor=ann", 6),
        ("?judge=nobody", 0),
        ("?tournament=CUP&category=odd", 3),
    ],
)
def test_it_is_cut_as_asked(editor: Client, project: Project, query: str, expected: int) -> None:
    cup = played(project, prompts=3)

    assert count(editor, query.replace("CUP", str(cup.pk))) == expected


def test_states_are_told_apart(editor: Client, project: Project) -> None:
    factories.field(project, prompts=1, competitors=["ann", "ben", "cat", "dan"])
    cup = started(project)
    one, two, three, *_ = Decision.objects.filter(matches__tournament=cup).order_by("pk")
    decide(one, "both_bad")
    for decision, silence in ((two, "failed"), (three, "refused")):
        Decision.objects.filter(pk=decision.pk).update(status="undecided", silence=silence)

    counts = {
        state: count(editor, f"?tournament={cup.pk}&result={state}")
        for state in ("tied", "failed", "undecided", "waiting", "decided", "open")
    }

    assert counts == {"tied": 1, "failed": 1, "undecided": 1, "waiting": 3, "decided": 1, "open": 0}


def test_a_verdict_that_tournaments_share_is_listed_once(editor: Client, project: Project) -> None:
    cup = played(project, prompts=1)
    again = play_out(started(project))

    assert count(editor, "") == 3
    assert count(editor, f"?tournament={cup.pk}") == count(editor, f"?tournament={again.pk}") == 3


def test_a_row_leads_to_the_match_of_the_tournament_that_was_asked_for(
    editor: Client, project: Project
) -> None:
    played(project, prompts=1)
    again = play_out(started(project))

    page = editor.get(f"{LIST}?tournament={again.pk}").content.decode()

    for match in again.matches.all():
        assert f'href="{address(match)}"' in page


def test_the_opponent_is_asked_for_only_beside_a_competitor(
    editor: Client, project: Project
) -> None:
    played(project)

    assert b'name="opponent"' not in editor.get(LIST).content
    assert b'name="opponent"' in editor.get(f"{LIST}?competitor=ann").content


def test_pages_keep_the_filters(editor: Client, project: Project) -> None:
    played(project, prompts=19)

    page = editor.get(f"{LIST}?result=decided").content.decode()

    assert 'href="?result=decided&amp;page=2"' in page
    assert len(editor.get(f"{LIST}?result=decided&page=2").context["rows"]) == 17


def test_the_list_takes_as_many_queries_for_more(editor: Client) -> None:
    costs = set()
    for slug, prompts in (("small", 1), ("large", 3)):
        played(factories.project(slug), prompts=prompts)
        costs.add(queries(editor, f"/projects/{slug}/matches"))
    assert len(costs) == 1


# --- One match ----------------------------------------------------------------------------------


@pytest.fixture
def cup(project: Project) -> Tournament:
    factories.field(project, prompts=1, competitors=["ann", "ben", "cat"], text=HOSTILE)
    return started(project)


def test_it_shows_both_outputs_and_every_judgment(editor: Client, cup: Tournament) -> None:
    match = cup.matches.first()
    decide(match.decision, "b", reason="It is *clearer*.")

    page = editor.get(address(match)).content.decode()

    comparison = match.decision.comparison
    assert f"{comparison.output_b.competitor.name} wins" in page
    assert "<strong>bold</strong>" in page
    assert "It is <em>clearer</em>." in page
    assert "B wins" in page
    assert "saw A first" in page


def test_hostile_outputs_stay_text(editor: Client, cup: Tournament) -> None:
    page = editor.get(address(cup.matches.first())).content.decode()

    assert "<script>alert" not in page
    assert "<img" not in page


def test_what_belongs_to_the_prompt_is_at_hand(editor: Client, cup: Tournament) -> None:
    prompt = cup.project.prompts.get()
    prompt.reference, prompt.rubric, prompt.system = "the truth", "be strict", "be brief"
    prompt.contexts = [{"id": "c1", "text": "a passage"}]
    prompt.save()

    page = editor.get(address(cup.matches.first())).content.decode()

    for words in ("the truth", "be strict", "be brief", "a passage"):
        assert words in page


def test_a_conversation_alternates(editor: Client, cup: Tournament) -> None:
    prompt = cup.project.prompts.get()
    prompt.messages = [{"role": "user", "content": "First?"}, {"role": "user", "content": "Then?"}]
    prompt.save()
    for output in prompt.outputs.all():
        output.turns = ["one", "two"]
        output.save()

    page = editor.get(address(cup.matches.first())).content.decode()

    order = [page.index(words) for words in ("First?", "<p>one</p>", "Then?", "<p>two</p>")]
    assert order == sorted(order)


def test_an_undecided_one_says_why(editor: Client, cup: Tournament) -> None:
    match = cup.matches.first()
    Decision.objects.filter(pk=match.decision_id).update(
        status="undecided", silence="refused", note="the judge declined"
    )

    page = editor.get(address(match)).content.decode()

    assert "refused" in page
    assert "the judge declined" in page


def test_a_jury_shows_what_its_members_said(editor: Client, cup: Tournament) -> None:
    project = cup.project
    factories.judge(project, "llm", "mini", model="m")
    factories.judge(project, "jury", "panel", members=["mini", "people"])
    comparison = cup.matches.first().decision.comparison
    panel = project.judges.get(name="panel")
    jury = Decision.objects.create(judge=panel, comparison=comparison)
    Judgment.objects.create(
        judge=project.judges.get(name="mini"), comparison=comparison, order="ba", winner="a",
        reason="says mini", raw="the whole reply", tokens_in=1200, tokens_out=30, usd=0.002,
    )  # fmt: skip

    page = editor.get(f"/projects/haiku/comparisons/{jury.pk}").content.decode()

    for words in ("says mini", "the whole reply", "saw B first", "$0.0020", "panel"):
        assert words in page


def test_one_walks_from_match_to_match_of_a_bracket(editor: Client, cup: Tournament) -> None:
    first, second, third = cup.matches.order_by("round", "position")

    page = editor.get(address(second)).content.decode()

    assert f'rel="prev" href="{address(first)}"' in page
    assert f'rel="next" href="{address(third)}"' in page


def test_it_names_the_other_tournaments_that_share_the_verdict(
    editor: Client, cup: Tournament
) -> None:
    again = started(cup.project)

    page = editor.get(address(cup.matches.first())).content.decode()

    assert "Also played in" in page
    assert f'href="{address(again.matches.first())}"' in page


def test_names_stay_away_from_raters(client_with, cup: Tournament) -> None:
    play_out(cup)
    rater = client_with(Role.RATER)
    match, here = cup.matches.first(), "/projects/haiku"
    paths = [
        address(match), f"{here}/comparisons/{match.decision_id}", f"{here}/matches",
        f"{here}/leaderboard", f"{here}/leaderboard/slices", f"{here}/tournaments",
        f"{here}/tournaments/{cup.pk}", f"{here}/tournaments/{cup.pk}/replay", f"{here}/reports",
    ]  # fmt: skip

    assert {path: rater.get(path).status_code for path in paths} == dict.fromkeys(paths, 403)
    assert rater.get(here)["Location"] == f"{here}/rate"


def test_a_match_of_another_project_is_not_found(editor: Client, cup: Tournament) -> None:
    other = factories.project("other")
    factories.field(other)
    hidden = started(other).matches.first()

    assert editor.get(address(hidden)).status_code == 404
    assert editor.get(f"/projects/haiku/comparisons/{hidden.decision_id}").status_code == 404


def test_a_match_takes_as_many_queries_for_more_judgments(editor: Client, cup: Tournament) -> None:
    match = cup.matches.first()
    decide(match.decision)
    before = queries(editor, address(match))
    for sample in (1, 2):
        Judgment.objects.create(
            judge=cup.judge, comparison=match.decision.comparison, order="ba", winner="a",
            sample=sample,
        )  # fmt: skip

    assert queries(editor, address(match)) == before


def test_pages_obey_the_content_security_policy(editor: Client, cup: Tournament) -> None:
    for path in (LIST, address(cup.matches.first())):
        assert not CSP_BREAKERS.search(editor.get(path).content.decode()), path


# --- Having people judge them -------------------------------------------------------------------


def test_what_is_listed_can_be_put_before_people(editor: Client, project: Project) -> None:
    played(project, prompts=3)
    campaign = factories.judge(project, "human", "others").campaign
    query = "?competitor=cat&opponent=ann"
    assert "Have people judge these" in editor.get(f"{LIST}{query}").content.decode()

    answer = editor.post(f"{LIST}/ask{query}", {"campaign": campaign.key})

    assert answer["Location"] == f"/projects/haiku/campaigns/{campaign.key}"
    asked = Decision.objects.filter(judge=campaign.judge, status="waiting")
    assert asked.count() == count(editor, query) == 3


def test_a_campaign_of_live_battles_is_not_offered(editor: Client, project: Project) -> None:
    played(project)
    live = factories.judge(project, "human", "battles").campaign
    assert live.key in editor.get(LIST).content.decode()
    live.is_live = True
    live.save()

    assert live.key not in editor.get(LIST).content.decode()


def test_a_closed_campaign_takes_none_and_an_unknown_one_is_not_found(
    editor: Client, project: Project
) -> None:
    played(project)
    campaign = factories.judge(project, "human", "others").campaign
    for row in (campaign, project.judges.get(name="people").campaign):
        row.closed_at = row.created_at
        row.save()

    assert "Have people judge" not in editor.get(LIST).content.decode()
    page = editor.post(f"{LIST}/ask", {"campaign": campaign.key}, follow=True)
    assert "is not open" in page.content.decode()
    assert editor.post(f"{LIST}/ask", {"campaign": "nothing"}).status_code == 404
