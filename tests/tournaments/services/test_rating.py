from itertools import cycle

import pytest

from arena.common.errors import Conflict, InvalidInput
from arena.models import Output
from judges.models import Decision, Judgment
from judges.services import decisions
from tests import factories
from tournaments.models import RatingRun
from tournaments.ratings import registry as methods
from tournaments.services import advancing, lifecycle
from tournaments.services.rating import method_for, rate, rate_slices

pytestmark = pytest.mark.django_db


def recorded(lab, name="gpt", kind="llm", winner="b", strengths=(None,)):
    """A recorded judge that says the same of every pair; strengths: how clearly, in turns."""
    judge = factories.judge(lab, "recorded", name, judge=name)
    compared = factories.all_comparisons(lab)
    Judgment.objects.bulk_create(
        Judgment(judge=judge, comparison=c, order="ab", winner=winner, details={"judge_kind": kind},
                 strength=strength)
        for c, strength in zip(compared, cycle(strengths), strict=False)
    )  # fmt: skip
    decisions.ask(judge, [c.pk for c in compared])
    return judge


def played(lab, judge):
    cup = factories.tournament(lab, judge)
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    return cup


def order(run):
    return [row["competitor"] for row in run.rows]


def test_the_later_competitor_wins_every_time(lab):
    run = rate(project=lab, tournament=played(lab, recorded(lab)))

    assert order(run) == ["cat", "ben", "ann"]
    assert (run.n_comparisons, run.n_prompts) == (12, 4)
    assert sum(row["rating"] for row in run.rows) == pytest.approx(3000)


def test_the_same_data_give_the_same_run(lab):
    cup = played(lab, recorded(lab))

    first, again = rate(project=lab, tournament=cup), rate(project=lab, tournament=cup)

    assert first == again
    assert RatingRun.objects.count() == 1


def test_how_clear_wins_are_counts_from_the_rows_to_the_run(lab):
    judge = recorded(lab, strengths=(1, 2, 1))
    cup = played(lab, judge)
    plain = rate(project=lab, tournament=cup, params={"graded": "never"})
    run = rate(project=lab, tournament=cup)

    assert run.settings["verdicts"].startswith("graded: a slight win is three quarters")
    assert (run.settings["graded"], plain.settings["verdicts"]) == ("auto", "wins and ties")
    assert [row["wins"] for row in run.rows] == [row["wins"] for row in plain.rows]
    assert [row["rating"] for row in run.rows] != [row["rating"] for row in plain.rows]
    assert run.data_hash != plain.data_hash
    assert rate(project=lab, tournament=cup) == run
    kept = run.rows
    run.delete()
    assert rate(project=lab, tournament=cup).rows == kept


def test_a_run_says_when_too_few_wins_tell_how_clear_they_are(lab):
    run = rate(project=lab, tournament=played(lab, recorded(lab, strengths=(1, 2, None))))

    assert run.settings["verdicts"].startswith("wins and ties: 67% of the wins say how clear")
    assert not any("how clear" in said for said in run.warnings)


def test_grades_of_two_judges_are_not_pooled(lab):
    for name in ("gpt", "claude"):
        played(lab, recorded(lab, name, strengths=(1, 2, 1)))

    pooled, alone = rate(project=lab), rate(project=lab, filters={"judge": "gpt"})

    assert pooled.settings["verdicts"].startswith("wins and ties: 2 judges say how clear wins are")
    assert alone.settings["verdicts"].startswith("graded")


def test_other_params_make_another_run(lab):
    cup = played(lab, recorded(lab))
    rate(project=lab, tournament=cup)

    rate(project=lab, tournament=cup, params={"bootstrap": 50})

    assert RatingRun.objects.count() == 2


def test_a_project_is_rated_by_what_its_tournaments_decided(lab):
    played(lab, recorded(lab, "gpt", winner="b"))
    recorded(lab, "crowd", winner="a")

    assert order(rate(project=lab)) == ["cat", "ben", "ann"]
    assert order(rate(project=lab, filters={"judge": "crowd"})) == ["ann", "ben", "cat"]


def test_before_any_tournament_the_imported_judgments_are_rated_and_that_is_said(lab):
    recorded(lab)

    run = rate(project=lab)

    assert order(run) == ["cat", "ben", "ann"]
    assert "imported judgments" in run.warnings[0]


def test_slices(lab):
    recorded(lab, "gpt", "llm", "b")
    recorded(lab, "crowd", "human", "a")

    assert rate(project=lab, filters={"category": "even"}).n_prompts == 2
    assert order(rate(project=lab, filters={"judge_kind": "human"})) == ["ann", "ben", "cat"]


def test_an_unknown_filter_is_refused_instead_of_passed_over(lab):
    with pytest.raises(InvalidInput):
        rate(project=lab, filters={"categroy": "even"})


def test_an_empty_project_gets_a_board_that_says_so(lab):
    run = rate(project=lab)

    assert run.n_comparisons == 0
    assert run.warnings
    assert {row["rating"] for row in run.rows} == {None}


def test_a_run_keeps_how_probably_each_is_above_each_other(lab):
    run = rate(project=lab, tournament=played(lab, recorded(lab)))

    above = run.details["above"]
    assert [line[i] for i, line in enumerate(above)] == [0.5] * 3
    assert above[0][2] > above[0][1] > 0.5
    assert run.details["converged"] is True
    assert run.details["rounds"] > 0
    assert [row["tier"] for row in run.rows] == sorted(row["tier"] for row in run.rows)


@pytest.mark.parametrize(
    ("words", "method"),
    [
        (("", "", ""), ("bradley_terry", {})),
        (("", "half", "false"), ("bradley_terry", {})),
        (("", "davidson", ""), ("davidson", {})),
        (("bradley_terry", "rao_kupper", ""), ("rao_kupper", {})),
        (("davidson", "davidson", "0"), ("davidson", {})),
        (("elo", "", ""), ("elo", {})),
        (("", "", "length,bold"), ("bradley_terry", {"style_control": ["length", "bold"]})),
        (
            ("davidson", "", "true"),
            ("davidson", {"style_control": ["length", "headers", "lists", "bold"]}),
        ),
    ],
)
def test_the_words_of_a_query_name_a_method(words, method):
    assert method_for(*words) == method


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("", "sometimes", ""), "ties"),
        (("elo", "davidson", ""), "ties"),
        (("davidson", "half", ""), "ties"),
        (("", "", "length,charm"), "style_control"),
        (("elo", "", "length"), "style_control"),
    ],
)
def test_words_that_name_none_are_refused_by_name(words, field):
    with pytest.raises(InvalidInput) as refused:
        method_for(*words)
    assert list(refused.value.fields) == [field]


def test_style_control_reads_the_texts(lab):
    for number, output in enumerate(Output.objects.order_by("pk")):
        output.turns = ["**long** " * (1 + number % 3) * 9]
        output.save()
    cup = played(lab, recorded(lab))

    run = rate(project=lab, tournament=cup, params={"style_control": ["length", "bold"]})

    assert [effect["name"] for effect in run.details["effects"]] == ["length", "bold"]
    assert run.details["effects"][0]["value"] > 0
    assert run.pk != rate(project=lab, tournament=cup).pk


def test_every_method_rates_a_played_tournament(lab):
    cup = played(lab, recorded(lab))
    for name in methods.names():
        run = rate(project=lab, tournament=cup, method=name)
        assert order(run) == ["cat", "ben", "ann"], name


def test_a_surrogates_verdicts_are_predictions_and_never_count(lab):
    cup = played(lab, recorded(lab, winner="b"))
    surrogate = factories.judge(lab, "surrogate", "model")
    for comparison in factories.all_comparisons(lab):
        Decision.objects.create(
            judge=surrogate, comparison=comparison, status="decided", winner="a"
        )

    run = rate(project=lab, tournament=cup, method="prediction_powered")

    assert order(run) == ["cat", "ben", "ann"]
    assert run.n_comparisons == 12
    assert "model v1" in run.settings["judges"]


def test_predictions_alone_cannot_be_rated(lab):
    surrogate = factories.judge(lab, "surrogate", "model")
    for comparison in factories.all_comparisons(lab):
        Decision.objects.create(
            judge=surrogate, comparison=comparison, status="decided", winner="a"
        )

    with pytest.raises(Conflict, match="have people or an LLM judge"):
        rate(project=lab, method="prediction_powered")


def test_slices_borrow_strength_and_are_called_by_their_names(lab):
    cup = played(lab, recorded(lab))

    tables = rate_slices(project=lab, tournament=cup, by="category")

    assert sorted(tables) == ["even", "odd"]
    for table in tables.values():
        assert [row.competitor for row in table.rows] == ["cat", "ben", "ann"]
        assert table.n_prompts == 2
    with pytest.raises(InvalidInput):
        rate_slices(project=lab, by="colour")


@pytest.mark.parametrize(
    ("effects", "params"),
    [
        ("order", {"position": "common"}),
        ("judges,order", {"judge_effects": True, "position": "common"}),
        ("answers", {"response_effects": True}),
        ("true", {"judge_effects": True, "position": "common"}),
        ("false", {}),
    ],
)
def test_effects_are_asked_for_by_their_names(effects, params):
    assert method_for("", "", "", effects) == ("bradley_terry", params)


ALONE = "effects of answers are fitted alone, without style or other effects"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("", "", "", "order,charm"), "'charm' is none of order, judges, answers"),
        (("davidson", "", "", "judges"), "davidson does not estimate effects of judges"),
        (("elo", "", "", "order"), "elo does not estimate effects of order"),
        (("", "", "", "answers,order"), ALONE),
        (("", "", "length", "answers"), ALONE),
    ],
)
def test_effects_that_cannot_be_had_are_refused_by_name(words, reason):
    with pytest.raises(InvalidInput) as refused:
        method_for(*words)
    assert refused.value.fields == {"effects": reason}


def test_slices_by_tag_overlap_and_the_most_used_come_first(lab):
    cup = played(lab, recorded(lab))
    for number, prompt in enumerate(lab.prompts.order_by("pk")):
        prompt.tags = ["long"] * (number > 0) + ["safety"] * (number > 2)
        prompt.save()

    tables = rate_slices(project=lab, tournament=cup, by="tag")

    assert {tag: table.n_prompts for tag, table in tables.items()} == {"long": 3, "safety": 1}
    assert list(tables) == ["long", "safety"]


def test_without_tags_there_is_nothing_to_slice_by(lab):
    assert rate_slices(project=lab, tournament=played(lab, recorded(lab)), by="tag") == {}


def test_a_run_keeps_the_share_of_noise_in_the_answers():
    lab = factories.project()
    factories.field(lab, prompts=12, competitors=["ann", "ben", "cat"])
    judge = recorded(lab)
    for number, comparison in enumerate(factories.all_comparisons(lab)):
        winner = "b" if number % 3 else "a"
        Judgment.objects.create(judge=judge, comparison=comparison, order="ba", winner=winner)

    noise = rate(project=lab, tournament=played(lab, judge)).details["noise"]

    assert (noise["comparisons"], noise["prompts"]) == (36, 12)
    assert 0 <= noise["ci_low"] <= noise["share"] <= noise["ci_high"] <= 1


def test_without_repeats_the_share_is_not_known(lab):
    noise = rate(project=lab, tournament=played(lab, recorded(lab))).details["noise"]

    assert noise == {
        "share": None, "ci_low": None, "ci_high": None, "comparisons": 0, "prompts": 0,
    }  # fmt: skip


def test_what_a_reader_asked_for_besides_is_no_plain_run(lab):
    cup = played(lab, recorded(lab))
    plain = rate(project=lab, tournament=cup)
    rate(project=lab, tournament=cup, params={"position": "common"})
    rate(project=lab, tournament=cup, filters={"category": "even"})
    rate(project=lab, tournament=cup, method="elo")

    assert RatingRun.objects.plain().get() == plain
    RatingRun.objects.filter(pk=plain.pk).update(details={})  # as kept before it was noted
    assert RatingRun.objects.plain().get() == plain
