from __future__ import annotations

import pytest
from django.test import Client

from arena.models import Project
from tests import factories
from tests.tournaments.services.test_extending import newcomer
from tests.tournaments.views.worlds import CSP_BREAKERS, play_out, played, queries, started
from tournaments.models import Bracket, Tournament
from tournaments.services import advancing, extending
from tournaments.services.extending import Wanted
from tournaments.views.brackets import _headings

pytestmark = pytest.mark.django_db


def address(cup: Tournament, bracket: Bracket | None = None) -> str:
    shown = bracket or cup.brackets.order_by("pk").first()
    return f"/projects/{cup.project.slug}/tournaments/{cup.pk}/prompts/{shown.pk}"


def nodes(node: dict) -> list[dict]:
    return [node, *(inner for feeder in node["feeders"] for inner in nodes(feeder))]


@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_a_knock_out_is_drawn_as_one(editor: Client, project: Project, size: int) -> None:
    cup = played(project, "single_elimination", competitors=factories.NAMES[:size])

    response = editor.get(address(cup))

    drawing = response.context["drawing"]
    drawn = nodes(drawing["root"])
    assert len(drawn) == size - 1
    assert all(node["url"] for node in drawn)
    for node in drawn:
        assert sorted(slot["state"] for slot in node["slots"]) == ["loser", "winner"]
    assert [name for name, _ in response.context["rounds"]] == drawing["rounds"]
    champion = next(s["name"] for s in drawing["root"]["slots"] if s["state"] == "winner")
    assert champion == factories.NAMES[size - 1]


def test_who_goes_on_by_lot_is_marked(editor: Client, project: Project) -> None:
    cup = played(project, "single_elimination", winner="tie")

    response = editor.get(address(cup))

    marks = [s.get("mark") for n in nodes(response.context["drawing"]["root"]) for s in n["slots"]]
    assert marks.count("lot") == 2
    assert b"a lot, fixed by the seed, decided who goes on" in response.content


@pytest.mark.parametrize(("size", "byes"), [(3, 1), (4, 0), (5, 3), (6, 2)])
def test_byes_are_marked(editor: Client, project: Project, size: int, byes: int) -> None:
    cup = played(project, "single_elimination", competitors=factories.NAMES[:size])

    response = editor.get(address(cup))

    marks = [s.get("mark") for n in nodes(response.context["drawing"]["root"]) for s in n["slots"]]
    assert marks.count("bye") == byes
    assert (b"Nobody was left to play" in response.content) is bool(byes)


def test_a_walkover_is_drawn_and_nobody_judges_it(editor: Client, project: Project) -> None:
    factories.field(project, prompts=1, competitors=factories.NAMES[:4])
    cup = started(project, "single_elimination")
    extending.withdraw(cup, "ann", keep_games=True)
    cup = play_out(cup)
    advancing.advance(cup.pk)
    cup = play_out(cup)

    response = editor.get(address(cup))

    marks = [s.get("mark") for n in nodes(response.context["drawing"]["root"]) for s in n["slots"]]
    assert marks.count("walkover") == 1
    assert b"The opponent has withdrawn" in response.content
    assert cup.matches.count() == 2


def test_what_a_smaller_field_played_is_listed_below(editor: Client, project: Project) -> None:
    cup = played(project, "single_elimination", prompts=1, competitors=factories.NAMES[:5])
    newcomer(project)
    extending.extend(cup, Wanted(competitors=("zoe",)))
    advancing.advance(cup.pk)
    play_out(cup)
    drawn = cup.brackets.get(retired=False)

    response = editor.get(address(cup, drawn))

    left = cup.matches.filter(bracket__retired=True).count()
    assert len(response.context["earlier"]) == left
    assert (b"Before the field grew" in response.content) is bool(left)
    retired = cup.brackets.get(retired=True)
    assert b"played by a smaller field" in editor.get(address(cup, retired)).content


def test_a_wave_is_shown_by_its_number(editor: Client, project: Project) -> None:
    cup = played(project, "adaptive", prompts=8, competitors=factories.NAMES[:4])
    bracket = cup.brackets.get()
    last = max(cup.matches.values_list("round", flat=True)) + 1

    for asked, shown in [("?wave=1", 1), ("", last), ("?wave=99", last), ("?wave=x", last)]:
        response = editor.get(address(cup, bracket) + asked)
        assert response.context["number"] == shown
        page = response.content.decode()
        assert page.count('class="versus"') == cup.matches.filter(round=shown - 1).count()
        assert not CSP_BREAKERS.search(page)


def test_what_is_to_come_is_open(editor: Client, project: Project) -> None:
    factories.field(project, prompts=1, competitors=factories.NAMES[:4])
    cup = started(project, "single_elimination")

    response = editor.get(address(cup))

    final = response.context["drawing"]["root"]
    assert (final["url"], [slot["state"] for slot in final["slots"]]) == ("", ["empty", "empty"])
    assert response.content.decode().count("to come") == 2


@pytest.mark.parametrize(
    ("rounds", "names"),
    [
        (1, ["Final"]),
        (2, ["Semi-finals", "Final"]),
        (3, ["Quarter-finals", "Semi-finals", "Final"]),
        (5, ["Round 1", "Round 2", "Quarter-finals", "Semi-finals", "Final"]),
    ],
)
def test_rounds_are_named_from_the_end(rounds: int, names: list[str]) -> None:
    assert _headings(rounds) == names


def test_other_formats_list_their_rounds(editor: Client, project: Project) -> None:
    cup = played(project, competitors=["ann", "ben", "cat", "dan"])

    response = editor.get(address(cup))

    assert response.context["drawing"] is None
    assert [(name, len(matches)) for name, matches in response.context["rounds"]] == [
        ("Round 1", 2), ("Round 2", 2), ("Round 3", 2)]  # fmt: skip
    assert response.content.decode().count('class="versus" href="/projects/haiku/matches/') == 6


def test_one_walks_from_prompt_to_prompt(editor: Client, project: Project) -> None:
    cup = played(project, prompts=3)
    first, second, third = cup.brackets.order_by("pk")

    page = editor.get(address(cup, second)).content.decode()

    assert f'rel="prev" href="{address(cup, first)}"' in page
    assert f'rel="next" href="{address(cup, third)}"' in page


def test_a_long_prompt_is_folded(editor: Client, project: Project) -> None:
    cup = played(project, prompts=1)
    prompt = project.prompts.get()
    prompt.messages = [{"role": "user", "content": "<b>Why</b> " * 200}]
    prompt.save()

    page = editor.get(address(cup)).content.decode()

    assert "<summary>&lt;b&gt;Why" in page


def test_a_bracket_of_another_tournament_is_not_found(editor: Client, project: Project) -> None:
    cup = played(project, prompts=1)
    other = started(project)

    assert editor.get(address(cup, other.brackets.first())).status_code == 404


@pytest.mark.parametrize("kind", ["round_robin", "single_elimination"])
def test_queries_do_not_grow_with_competitors(editor: Client, kind: str) -> None:
    costs = set()
    for slug, size in (("small", 3), ("large", 6)):
        cup = played(factories.project(slug), kind, competitors=factories.NAMES[:size])
        costs.add(queries(editor, address(cup)))
    assert len(costs) == 1


def test_it_obeys_the_content_security_policy(editor: Client, project: Project) -> None:
    cup = played(project, "single_elimination", winner="tie")

    assert not CSP_BREAKERS.search(editor.get(address(cup)).content.decode())
