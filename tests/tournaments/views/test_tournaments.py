from __future__ import annotations

import re

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from arena.models import Project, Role
from judges.models import Decision
from tests import factories
from tests.tournaments.views.worlds import (
    CSP_BREAKERS,
    decide,
    play_out,
    played,
    queries,
    same_queries,
    started,
)
from tournaments.formats import registry as formats
from tournaments.models import Tournament
from tournaments.services import advancing, lifecycle

pytestmark = pytest.mark.django_db

LIST = "/projects/haiku/tournaments"
NEW = f"{LIST}/new"
HTMX = {"HTTP_HX_REQUEST": "true"}
ORDER = {
    "name": "Spring cup",
    "format": "round_robin",
    "judges": ["people"],
    "competitors": ["ann", "cat"],
    "category": "even",
    "max_calls": "40",
    "max_usd": "1.5",
    "seed": "7",
}


@pytest.fixture
def data(project: Project) -> Project:
    factories.field(project, prompts=3, competitors=["ann", "ben", "cat"])
    factories.judge(project, "human", "people")
    return project


@pytest.fixture
def draft(data: Project) -> Tournament:
    return lifecycle.create(project=data, name="cup", format="round_robin", judges=["people"])


def address(cup: Tournament, action: str = "") -> str:
    return f"{LIST}/{cup.pk}" + (f"/{action}" if action else "")


# --- The list -----------------------------------------------------------------------------------


def test_without_tournaments_it_says_what_one_is(editor: Client) -> None:
    page = editor.get(LIST).content.decode()

    assert "No tournaments yet" in page
    assert NEW in page


def test_the_list_says_how_far_each_has_come(editor: Client, project: Project) -> None:
    cup = played(project)

    page = editor.get(LIST).content.decode()

    assert f'href="{address(cup)}"' in page
    assert "Round robin" in page
    assert "completed" in page
    assert '6</a> <span class="faint col-optional">of 6' in page


def test_the_list_takes_as_many_queries_for_more(editor: Client, data: Project) -> None:
    started(data)

    assert same_queries(editor, LIST, lambda: [started(data) for _ in range(2)])


# --- A new one ----------------------------------------------------------------------------------


def test_an_order_makes_a_draft_and_plays_nothing(editor: Client, data: Project) -> None:
    response = editor.post(NEW, ORDER)

    made = Tournament.objects.get()
    assert response.headers["Location"] == address(made)
    assert (made.name, made.status, made.seed) == ("Spring cup", "draft", 7)
    assert (made.max_calls, made.max_usd, made.slice) == (40, 1.5, {"category": "even"})
    assert set(made.competitors.values_list("name", flat=True)) == {"ann", "cat"}
    assert not Decision.objects.exists()


def test_several_judges_make_a_jury(editor: Client, data: Project) -> None:
    factories.judge(data, "surrogate", "model")

    editor.post(NEW, {**ORDER, "judges": ["people", "model"]})

    assert Tournament.objects.get().judge.kind == "jury"


def test_every_format_is_offered_with_its_settings_and_what_it_takes(
    editor: Client, data: Project
) -> None:
    response = editor.get(NEW)

    page = response.content.decode()
    offers = {offer.name: offer for group in response.context["groups"] for offer in group.offers}
    assert set(offers) == set(formats.names())
    assert offers["round_robin"].estimate.matches == 9
    for name, rule in formats.items():
        for param in rule.Params.model_fields:
            assert f'name="{name}.{param}"' in page
    assert re.search(r'value="adaptive"[^>]* checked', page)


def test_settings_of_the_chosen_format_are_taken_and_those_of_others_do_not_matter(
    editor: Client, data: Project
) -> None:
    order = {**ORDER, "format": "swiss", "swiss.rounds": "1", "random_pairs.games": "none"}

    editor.post(NEW, {**order, "undecided": "leave", "aggregation": "plurality"})

    made = Tournament.objects.get()
    assert (made.format, made.format_params) == ("swiss", {"rounds": 1})


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"format": "swiss", "swiss.rounds": "0"}, "swiss.rounds"),
        ({"format": "anchored", "anchored.drawn": "99"}, "anchored.drawn"),
        ({"undecided": "replace"}, "undecided"),
    ],
)
def test_a_faulty_setting_is_shown_at_its_field(
    editor: Client, data: Project, more: dict[str, str], field: str
) -> None:
    response = editor.post(NEW, {**ORDER, **more})

    assert response.status_code == 400
    assert field in response.context["form"].errors


def test_the_newest_judge_that_calls_is_ticked(editor: Client, data: Project) -> None:
    assert "every match waits for raters" in editor.get(NEW).content.decode()
    factories.judge(data, "llm", "zeta", model="m")
    factories.judge(data, "human", "another")

    page = editor.get(NEW).content.decode()

    assert re.search(r'value="zeta"[^>]* checked', page)
    assert not re.search(r'value="(people|another)"[^>]* checked', page)
    assert "every match waits for raters" not in page


def test_who_would_be_waited_for_is_told_again_when_the_choice_changes(
    editor: Client, data: Project
) -> None:
    factories.judge(data, "llm", "mini", model="m")
    factories.judge(data, "human", "crowd", raters=3)

    page = editor.post(f"{NEW}/plans", {**ORDER, "judges": ["mini", "crowd"]}).content.decode()
    machines = editor.post(f"{NEW}/plans", {**ORDER, "judges": ["mini"]}).content.decode()

    assert "every match waits for raters (3 votes of crowd)" in page.split('id="waits"')[1]
    assert "6 votes of people" in page.split('id="plan-round_robin"')[1].split("</span>")[0]
    assert 'id="waits"' in machines
    assert "waits for raters" not in machines
    assert "of people" not in machines


def test_what_a_format_takes_is_told_again_when_the_choice_changes(
    editor: Client, data: Project
) -> None:
    factories.judge(data, "llm", "mini", model="m")
    order = {**ORDER, "judges": ["mini"], "random_pairs.games": "1"}

    page = editor.post(f"{NEW}/plans", order).content.decode()

    plan = page.split('id="plan-random_pairs"')[1].split("</span>")[0]
    assert 'hx-swap-oob="true"' in plan
    assert "2 matches" in plan
    assert "4 calls" in plan
    assert not Tournament.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"judges": []}, "Choose who decides."),
        ({"competitors": []}, "Choose who plays."),
        ({"competitors": ["ann"]}, "at least two are needed"),
        ({"format": "chess"}, "Select a valid choice"),
        ({"max_calls": "-1"}, "greater than or equal to 1"),
        ({"seed": "x"}, "Enter a whole number"),
    ],
)
def test_a_faulty_order_is_refused_at_its_field(
    editor: Client, data: Project, change: dict[str, object], words: str
) -> None:
    response = editor.post(NEW, {**ORDER, **change})

    assert response.status_code == 400
    assert words in response.content.decode()
    assert 'value="Spring cup"' in response.content.decode()
    assert not Tournament.objects.exists()


@pytest.mark.parametrize(
    ("judged", "names", "words"), [(False, ["ann", "ben"], "judge"), (True, ["ann"], "two")]
)
def test_what_is_missing_is_said_before_the_form(
    editor: Client, project: Project, judged: bool, names: list[str], words: str
) -> None:
    factories.field(project, competitors=names)
    if judged:
        factories.judge(project, "human", "people")

    page = editor.get(NEW).content.decode()

    assert '<form class="form"' not in page
    assert words in page


def test_only_editors_make_tournaments(client: Client, client_with, data: Project) -> None:
    assert client_with(Role.VIEWER).post(NEW, ORDER).status_code == 403
    assert client.post(NEW, ORDER).headers["Location"].startswith("/sign-in")
    assert not Tournament.objects.exists()


# --- One of them --------------------------------------------------------------------------------


def test_a_draft_shows_what_it_would_take(editor: Client, data: Project) -> None:
    factories.judge(data, "llm", "mini", model="m")
    cup = lifecycle.create(
        project=data, name="cup", format="round_robin", judges=["mini"], max_calls=10
    )

    response = editor.get(address(cup))

    assert response.context["estimate"].calls == 3 * 3 * 2
    page = response.content.decode()
    assert "The budget of 10 calls may not reach to the end" in page
    assert "paid calls, as planned</dt><dd>18 <small>36 at most</small>" in page
    assert "waits for raters" not in page


def test_a_budget_for_the_plan_may_not_reach_for_its_repairs(editor: Client, data: Project) -> None:
    factories.judge(data, "llm", "mini", model="m")
    order = {"project": data, "name": "", "format": "round_robin", "judges": ["mini"]}

    tight, ample = (lifecycle.create(**order, max_calls=calls) for calls in (18, 36))

    assert "may not reach to the end" in editor.get(address(tight)).content.decode()
    assert "may not reach to the end" not in editor.get(address(ample)).content.decode()


def test_a_draft_that_people_decide_says_what_it_waits_for(
    editor: Client, draft: Tournament
) -> None:
    page = editor.get(address(draft)).content.decode()

    assert "every match waits for raters (1 vote of people)" in page
    assert "votes of people, at most</dt><dd>9<" in page


def test_a_completed_one_shows_its_board_and_prompts(editor: Client, project: Project) -> None:
    cup = played(project)

    page = editor.get(address(cup)).content.decode()

    assert "All figures" in page
    assert page.count(f'href="{address(cup)}/prompts/') == 2
    assert "hx-get" not in page


def test_waiting_for_people_leads_to_the_judging_page(editor: Client, data: Project) -> None:
    cup = started(data)

    page = editor.get(address(cup)).content.decode()

    assert "9 comparisons wait for people." in page
    assert 'href="/projects/haiku/rate"' in page
    assert 'hx-trigger="every 5s"' in page


def test_one_comparison_waits(editor: Client, project: Project) -> None:
    factories.field(project, prompts=1, competitors=["ann", "ben"])
    cup = started(project)

    assert b"1 comparison waits for people." in editor.get(address(cup)).content


def test_the_poll_brings_only_the_moving_part(editor: Client, data: Project) -> None:
    cup = started(data)
    decide(Decision.objects.filter(matches__tournament=cup).first())

    page = editor.get(f"{address(cup)}?seen=waiting", **HTMX).content.decode()

    assert page.lstrip().startswith('<div id="live"')
    assert "<b>1</b> of 9 decided" in page
    assert "<html" not in page


def test_the_poll_reloads_the_page_when_the_status_has_changed(
    editor: Client, data: Project
) -> None:
    cup = started(data)
    lifecycle.pause(cup)

    response = editor.get(f"{address(cup)}?seen=waiting", **HTMX)

    assert response.headers["HX-Refresh"] == "true"


def test_it_asks_on_until_the_ratings_are_there(editor: Client, project: Project) -> None:
    cup = played(project)
    cup.rating_runs.all().delete()

    page = editor.get(address(cup)).content.decode()

    assert "the ratings are being fitted" in page
    assert "seen=unrated" in page


def test_its_note_is_shown(editor: Client, draft: Tournament) -> None:
    Tournament.objects.update(status="paused", note="the budget of 10 calls is used up")

    assert b"The budget of 10 calls is used up." in editor.get(address(draft)).content


def test_its_page_takes_as_many_queries_for_more_prompts(editor: Client) -> None:
    costs = set()
    for slug, prompts in (("small", 1), ("large", 3)):
        cup = played(factories.project(slug), prompts=prompts)
        costs.add(queries(editor, f"/projects/{slug}/tournaments/{cup.pk}"))
    assert len(costs) == 1


def test_a_tournament_of_another_project_is_not_found(editor: Client, draft: Tournament) -> None:
    factories.project("other")

    assert editor.get(f"/projects/other/tournaments/{draft.pk}").status_code == 404
    assert editor.post(f"/projects/other/tournaments/{draft.pk}/start").status_code == 404


# --- What can be done ---------------------------------------------------------------------------


def test_it_is_started_paused_resumed_and_cancelled(editor: Client, draft: Tournament) -> None:
    for action, status in [
        ("start", "running"),
        ("pause", "paused"),
        ("resume", "running"),
        ("cancel", "cancelled"),
    ]:
        response = editor.post(address(draft, action))
        draft.refresh_from_db()
        assert (response.headers["Location"], draft.status) == (address(draft), status)


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("draft", {"start", "cancel"}),
        ("running", {"pause", "cancel"}),
        ("paused", {"resume", "cancel"}),
        ("failed", {"resume", "cancel"}),
        ("cancelled", set()),
    ],
)
def test_only_what_is_possible_is_offered(
    editor: Client, draft: Tournament, status: str, offered: set[str]
) -> None:
    Tournament.objects.update(status=status)

    page = editor.get(address(draft)).content.decode()

    actions = ("start", "pause", "resume", "cancel", "retry")
    assert {name for name in actions if f'action="{address(draft, name)}"' in page} == offered


@pytest.mark.parametrize(
    ("status", "may"),
    [("draft", False), ("running", True), ("paused", True), ("completed", True), ("failed", False),
     ("cancelled", False)],
)  # fmt: skip
def test_what_has_begun_can_be_extended(
    editor: Client, draft: Tournament, status: str, may: bool
) -> None:
    Tournament.objects.update(status=status)

    page = editor.get(address(draft)).content.decode()

    assert (f'href="{address(draft, "extend")}"' in page) is may


def test_a_tournament_in_waves_shows_them(editor: Client, data: Project) -> None:
    cup = started(data, "adaptive")
    bracket = cup.brackets.get()

    page = editor.get(address(cup)).content.decode()

    assert f'href="{address(cup)}/prompts/{bracket.pk}?wave=1"' in page
    assert "Each wave is planned from all verdicts" in page


def test_what_is_not_possible_any_more_is_explained(editor: Client, draft: Tournament) -> None:
    response = editor.post(address(draft, "resume"), follow=True)

    assert "the tournament is draft; it cannot become running" in response.content.decode()


def test_a_draft_without_a_field_stays_one(editor: Client, draft: Tournament) -> None:
    Tournament.objects.update(slice={"category": "nothing"})

    page = editor.post(address(draft, "start"), follow=True).content.decode()

    assert "no prompt of this slice has outputs of two of these competitors" in page
    assert "Nothing to play." in page


def test_retrying_says_what_came_of_it(editor: Client, project: Project) -> None:
    factories.field(project, prompts=1, competitors=["ann", "ben"])
    factories.judge(project, "recorded", "book", judge="book")
    cup = lifecycle.create(project=project, name="", format="round_robin", judges=["book"])
    lifecycle.start(cup)
    play_out(cup)
    advancing.advance(cup.pk)

    response = editor.post(address(cup, "retry"))

    (message,) = get_messages(response.wsgi_request)
    assert str(message) == "1 decision is asked for again."


def test_actions_need_a_post_a_role_and_a_name(
    editor: Client, client_with, draft: Tournament
) -> None:
    assert editor.get(address(draft, "start")).status_code == 405
    assert editor.post(address(draft, "explode")).status_code == 404
    assert client_with(Role.VIEWER).post(address(draft, "start")).status_code == 403
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_who_may_not_steer_sees_no_buttons(client_with, draft: Tournament) -> None:
    page = client_with(Role.VIEWER).get(address(draft)).content.decode()

    assert "<form" not in page.split("<main")[1]


def test_pages_obey_the_content_security_policy(editor: Client, data: Project) -> None:
    cup = started(data)

    for path in (LIST, NEW, address(cup)):
        assert not CSP_BREAKERS.search(editor.get(path).content.decode()), path


def test_the_noise_decides_what_to_ask_next(editor: Client, project: Project) -> None:
    cup = played(project, prompts=3)

    page = editor.get(f"/projects/haiku/tournaments/{cup.pk}").content.decode()

    assert "What the next calls should be" in page
    assert "gives it from 10 prompts on" in page
    assert f"/projects/haiku/tournaments/{cup.pk}/replay" in page


def test_one_that_ended_without_a_verdict_says_why(editor: Client, project: Project) -> None:
    cup = played(project, prompts=1)
    Decision.objects.filter(matches__tournament=cup).update(
        status="undecided", winner=None, silence="refused"
    )

    page = editor.get(f"/projects/haiku/tournaments/{cup.pk}").content.decode()

    assert "None of its 3 matches has a verdict (3 judged without a verdict)" in page
