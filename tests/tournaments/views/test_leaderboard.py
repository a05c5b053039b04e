from __future__ import annotations

import html
import json
import re

import pytest
from django.test import Client

from arena.datasets.records import JudgmentRecord
from arena.models import Project
from judges.models import Decision, Judgment
from judges.services import decisions
from judges.services.records import import_judgments
from tests import factories
from tests.tournaments.views.worlds import CSP_BREAKERS, decide, played, queries, started
from tournaments.models import RatingRun

pytestmark = pytest.mark.django_db

BOARD = "/projects/haiku/leaderboard"
LINK = re.compile(r'<a href="(/projects/haiku/matches[^"]*)"[^>]*>([\d\s]+)</a>')


def linked_numbers(page: str) -> list[tuple[str, int]]:
    """(address, number) of all links to matches whose text is a count."""
    return [
        (html.unescape(address), int(number))
        for address, number in LINK.findall(page)
        if "result=" in address
    ]


def count_at(client: Client, address: str) -> int:
    return client.get(address).context["page"].paginator.count


def test_rows_are_ranked_with_their_records(editor: Client, project: Project) -> None:
    played(project, prompts=3)

    rows = editor.get(BOARD).context["run"].rows

    assert [(row["competitor"], row["wins"], row["losses"]) for row in rows] == [
        ("cat", 6, 0),
        ("ben", 3, 3),
        ("ann", 0, 6),
    ]


@pytest.mark.parametrize("query", ["", "?category=even", "?tournament=CUP", "?judge=people"])
def test_every_number_opens_exactly_what_it_counts(
    editor: Client, project: Project, query: str
) -> None:
    cup = played(project, prompts=3)
    started(project, "single_elimination")  # shares verdicts, which count once

    page = editor.get(BOARD + query.replace("CUP", str(cup.pk))).content.decode()

    counts = [(address, number) for address, number in linked_numbers(page) if number < 100]
    assert len(counts) == 3 * 4 + 6  # n, won, lost and tied of each; six pairs; not the ratings
    for address, number in counts:
        assert count_at(editor, address) == number, address


def test_imported_judgments_open_too(editor: Client, project: Project) -> None:
    factories.field(project, prompts=1, competitors=["ann", "ben"])
    record = JudgmentRecord(
        prompt="p0", competitor_a="ann", competitor_b="ben", winner="a", judge="gpt",
        judge_kind="llm",
    )  # fmt: skip
    import_judgments(project, [(1, record)])

    page = editor.get(f"{BOARD}?judge_kind=llm").content.decode()

    address = next(address for address, number in linked_numbers(page) if "result=won" in address)
    matches = editor.get(address).content.decode()
    shown = re.search(r'href="(/projects/haiku/comparisons/\d+)"', matches)
    assert shown
    assert b"ann" in editor.get(shown[1]).content


def test_a_slice_rates_only_its_prompts(editor: Client, project: Project) -> None:
    played(project, prompts=3)

    run = editor.get(f"{BOARD}?category=odd").context["run"]

    assert (run.n_comparisons, run.n_prompts) == (3, 1)


def test_the_chart_carries_the_figure_and_loads_plotly(editor: Client, project: Project) -> None:
    played(project)

    page = editor.get(BOARD).content.decode()

    figure = re.search(r'<script id="ratings" type="application/json">(.*?)</script>', page)
    assert figure
    assert json.loads(figure[1])["data"][0]["y"] == ["cat", "ben", "ann"]
    assert "plotly.min.js" in page


def test_without_a_verdict_there_is_no_chart_and_no_plotly(editor: Client) -> None:
    page = editor.get(BOARD).content.decode()

    assert "Nothing to rank yet" in page
    assert "plotly" not in page.replace("plotly.js-style-global", "")


def test_warnings_stand_above_the_table(editor: Client, project: Project) -> None:
    played(project)

    page = editor.get(BOARD).content.decode()

    assert "There are only 2 prompts" in page
    assert "cat won every game" in page


def test_it_says_how_it_was_computed(editor: Client, project: Project) -> None:
    played(project)

    response = editor.get(f"{BOARD}?method=elo")
    page, run = response.content.decode(), response.context["run"]

    assert run.method == "elo"
    assert "Shuffles" in page
    assert run.data_hash[:16] in page
    assert "<dd>Elo</dd>" in page


def test_reading_twice_makes_no_second_run(editor: Client, project: Project) -> None:
    played(project)
    editor.get(BOARD)
    before = RatingRun.objects.count()

    editor.get(BOARD)

    assert RatingRun.objects.count() == before


def test_who_beat_whom(editor: Client, project: Project) -> None:
    played(project, prompts=3)

    meetings = editor.get(BOARD).context["meetings"]

    wins = {name: [cell.record and cell.record.wins for cell in cells] for name, cells in meetings}
    assert wins == {"cat": [None, 3, 3], "ben": [0, None, 3], "ann": [0, 0, None]}


def test_a_surrogate_shows_its_card(editor: Client, project: Project) -> None:
    factories.field(project, prompts=1, competitors=["ann", "ben"])
    judge = factories.judge(project, "surrogate", "model")
    (comparison,) = factories.all_comparisons(project)
    decide(Decision.objects.create(judge=judge, comparison=comparison))

    page = editor.get(BOARD).content.decode()

    assert "statistical surrogate" in page
    assert "Held-out accuracy" in page


@pytest.mark.parametrize(
    ("query", "status"),
    [("?method=chess", 400), ("?tournament=99", 404), ("?tournament=x", 404), ("?judge=%00", 200)],
)
def test_nonsense_is_answered_in_words(editor: Client, query: str, status: int) -> None:
    assert editor.get(BOARD + query).status_code == status


def test_filters_that_leave_nothing_say_so(editor: Client, project: Project) -> None:
    played(project)

    prompt = project.prompts.first()
    prompt.pk, prompt.key, prompt.category = None, "new", "none"
    prompt.save()
    page = editor.get(f"{BOARD}?category=none").content.decode()

    assert "Nothing decided here" in page
    assert '<option value="none" selected>' in page


def test_a_category_that_does_not_exist_is_refused(editor: Client, project: Project) -> None:
    played(project)

    reply = editor.get(f"{BOARD}?category=nowhere")

    assert reply.status_code == 400
    assert "category &#x27;nowhere&#x27;" in reply.content.decode()


def test_the_order_shown_is_offered_where_judges_saw_one(editor: Client, project: Project) -> None:
    played(project)
    assert '<option value="order">' in editor.get(BOARD).content.decode()

    for said in list(Judgment.objects.all()):
        Judgment.objects.create(
            judge=said.judge, comparison=said.comparison, order="ba", winner=said.winner
        )

    page = editor.get(BOARD).content.decode()
    assert '<option value="order' not in page
    assert '<option value="judges">' in page


def test_queries_do_not_grow_with_prompts_and_competitors(editor: Client) -> None:
    played(factories.project("small"), prompts=1, competitors=["ann", "ben"])
    played(factories.project("large"), prompts=3, competitors=["ann", "ben", "cat", "dan"])

    small, large = (queries(editor, f"/projects/{x}/leaderboard") for x in ("small", "large"))

    assert small == large


def test_it_obeys_the_content_security_policy(editor: Client, project: Project) -> None:
    played(project)

    assert not CSP_BREAKERS.search(editor.get(BOARD).content.decode())


def test_rows_stand_under_their_tier(editor: Client, project: Project) -> None:
    played(project, prompts=3)

    response = editor.get(BOARD)

    tiers = response.context["tiers"]
    listed = [row["competitor"] for tier in tiers for row, _ in tier.rows]
    assert listed == ["cat", "ben", "ann"]
    assert [tier.number for tier in tiers] == list(range(1, len(tiers) + 1))
    assert response.content.decode().count('scope="rowgroup">Tier ') == len(tiers)


def test_how_surely_each_is_better_is_a_table_of_numbers(editor: Client, project: Project) -> None:
    played(project, prompts=3)

    page = editor.get(BOARD).content.decode()

    shown = re.findall(r'title="cat above ann: ([^ ]+) %">([^<]+)<', page)
    assert len(shown) == 1
    assert shown[0][0] == shown[0][1]


def test_effects_are_told_in_words(editor: Client, project: Project) -> None:
    played(project, prompts=3)

    page = editor.get(f"{BOARD}?effects=order").content.decode()

    assert "The answer that is shown first wins this share" in page
    assert "Effects of judges</dt><dd>not estimated" in page


def test_style_control_is_words_and_not_a_list(editor: Client, project: Project) -> None:
    played(project, prompts=3)

    page = editor.get(f"{BOARD}?style_control=length,bold").content.decode()

    assert "<dt>Style held level</dt><dd>length, bold</dd>" in page
    assert "No two answers differ in bold" in page
    assert '<option value="length,bold" selected>' in page


def test_what_a_slight_win_counts_is_chosen_and_said(editor: Client, project: Project) -> None:
    played(project, prompts=3)

    run = editor.get(BOARD).context["run"]
    run.settings["verdicts"] = "graded: a slight win is three quarters of the point"
    run.save()
    graded = editor.get(BOARD).content.decode()
    page = editor.get(f"{BOARD}?graded=never").content.decode()

    assert '<a href="?graded=never">count all wins the same</a>' in graded
    assert "count all wins the same" not in page
    assert "<dt>Verdicts</dt><dd>wins and ties</dd>" in page
    assert "<dt>Graded verdicts</dt><dd>not used</dd>" in page
    assert '<option value="never" selected>count like clear ones' in page


@pytest.mark.parametrize("query", ["method=davidson", "method=elo", "ties=davidson"])
def test_wins_that_count_the_same_go_with_every_method(
    editor: Client, project: Project, query: str
) -> None:
    played(project, prompts=3)

    assert editor.get(f"{BOARD}?graded=never&{query}").status_code == 200


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("?method=elo&ties=davidson", 400, "elo has its own way with ties"),
        ("?style_control=charm", 400, "is none of length, headers, lists, bold"),
        ("?effects=answers", 409, "These comparisons cannot be rated"),
    ],
)
def test_what_cannot_be_had_is_said_beside_the_filters(
    editor: Client, project: Project, query: str, status: int, words: str
) -> None:
    played(project, prompts=3)

    response = editor.get(BOARD + query)
    page = response.content.decode()

    assert response.status_code == status
    assert words in page
    assert '<select name="ties">' in page


def test_what_moved_since_another_run(editor: Client, project: Project) -> None:
    cup = played(project, prompts=3)
    run = editor.get(f"{BOARD}?tournament={cup.pk}").context["run"]
    turned = [{**row, "rank": 4 - row["rank"]} for row in run.rows]
    before = RatingRun.objects.create(
        project=project, tournament=cup, method="bradley_terry", settings=run.settings,
        fingerprint="x" * 64, data_hash="y", rows=turned, components=[], n_comparisons=9,
        n_prompts=3,
    )  # fmt: skip

    page = editor.get(f"{BOARD}?tournament={cup.pk}&against={before.pk}").content.decode()

    assert "up 2, was 3" in page
    assert "down 2, was 1" in page
    assert f'<option value="{before.pk}" selected>' in page
    for nobody in ("999", "x"):
        assert editor.get(f"{BOARD}?against={nobody}").status_code == 404


def test_it_says_that_the_noise_is_not_known_and_what_would_give_it(
    editor: Client, project: Project
) -> None:
    played(project, prompts=3)

    page = editor.get(BOARD).content.decode()

    assert "Not known: no judge was asked twice about the same answers" in page


def test_a_readers_options_do_not_change_the_projects_front_page(
    editor: Client, project: Project
) -> None:
    cup = played(project, prompts=3)
    editor.get(f"{BOARD}?tournament={cup.pk}&style_control=length")

    board = editor.get("/projects/haiku").context["board"]

    assert board["run"].settings["style_control"] == []


@pytest.mark.parametrize("word", ["method", "ties", "style_control", "effects", "graded"])
def test_what_is_refused_is_not_offered(editor: Client, project: Project, word: str) -> None:
    played(project)

    answer = editor.get(f"{BOARD}?{word}=zzz")

    assert answer.status_code == 400
    assert 'value="zzz"' not in answer.content.decode()


def test_the_chart_shows_names_letter_by_letter(editor: Client, project: Project) -> None:
    played(project)
    project.competitors.filter(name="cat").update(name="bot <b>x</b>")
    project.competitors.filter(name="ben").update(name="7")

    figure = editor.get(BOARD).context["figure"]

    assert list(figure["data"][0]["y"]) == ["bot &lt;b&gt;x&lt;/b&gt;", "7", "ann"]
    assert figure["layout"]["yaxis"]["type"] == "category"
    assert "<b>" not in figure["data"][0]["hovertemplate"], "set by inline styles"


def test_checks_by_people_that_are_left_out_are_named(editor: Client, project: Project) -> None:
    played(project)
    beside = factories.judge(project, "human", "beside")
    decisions.ask(beside, [compared.pk for compared in factories.all_comparisons(project)[:2]])
    said = "only the tournament’s verdict counts"
    assert said not in editor.get(BOARD).content.decode()

    for decision in beside.decisions.all():
        decide(decision)

    page = editor.get(BOARD).content.decode()
    assert f"{said}: 2 verdicts of people are left out here." in page
    for address in ("?judge=beside", f"?tournament={project.tournaments.get().pk}"):
        assert said not in editor.get(BOARD + address).content.decode()
