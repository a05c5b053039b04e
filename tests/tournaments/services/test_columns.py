import numpy as np
import pytest
from django.contrib.auth import get_user_model

from arena.models import Competitor, Output, Prompt
from judges.models import Decision, Judge, Judgment, Quarantine
from judges.services import decisions
from tests import factories
from tournaments.services.columns import by_prompt, comparisons_of, repeats_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=2, competitors=["ann", "ben"])
    return lab


def decided(lab, *said):
    """Decisions of a recorded judge that said (order, winner, probability) of each comparison."""
    judge = factories.judge(lab, "recorded", "gpt", judge="gpt")
    for comparison in factories.all_comparisons(lab):
        for order, winner, probability in said:
            Judgment.objects.create(
                judge=judge, comparison=comparison, order=order, winner=winner,
                probability=probability,
            )  # fmt: skip
        decisions.ask(judge, [comparison.pk])
    return judge


def columns(lab, *wanted):
    names = dict(lab.competitors.values_list("pk", "name"))
    found = Decision.objects.filter(status="decided")
    return comparisons_of(found, names, list(Judge.objects.filter(project=lab)), wanted)


def test_results_become_points_by_name(lab):
    decided(lab, ("ab", "a", None))
    found = columns(lab)
    assert found.competitors == ("ann", "ben")
    assert found.score.tolist() == [1.0, 1.0]
    assert sorted(found.prompt.tolist()) == [0, 1]
    assert found.first is None
    assert found.covariates == {}


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ([("ab", "a", None)], 1),
        ([("ba", "a", None)], -1),
        ([("ab", "a", None), ("ba", "a", None)], None),
        ([("unknown", "a", None)], None),
    ],
)
def test_who_was_shown_first_is_known_when_one_order_was_judged(lab, said, first):
    decided(lab, *said)
    found = columns(lab, "first").first
    assert found is None if first is None else found.tolist() == [first, first]


def test_probabilities_of_both_orders_are_averaged(lab):
    decided(lab, ("ab", "a", 0.9), ("ba", "a", 0.7))
    found = columns(lab, "share")
    assert found.share.tolist() == pytest.approx([0.8, 0.8])
    assert found.first is None


def test_a_share_counts_only_where_every_judgment_has_one(lab):
    decided(lab, ("ab", "a", 0.9), ("ba", "a", None))
    assert columns(lab, "share").share is None


def test_judges_and_surrogates_are_marked(lab):
    decided(lab, ("ab", "a", None))
    model = factories.judge(lab, "surrogate", "model")
    first = factories.all_comparisons(lab)[0]
    Decision.objects.create(judge=model, comparison=first, status="decided", winner="b")
    found = columns(lab, "judge", "surrogate")
    assert found.judges == ("gpt v1", "model v1")
    assert found.surrogate.tolist() == found.judge.tolist()
    assert found.score[found.surrogate == 1].tolist() == [0.0]


def test_the_person_behind_a_decision_is_known_when_it_was_one(lab, django_user_model):
    judge = factories.judge(lab, "human", "people", raters=2)
    zoe, amy = (django_user_model.objects.create(username=name) for name in ("zoe", "amy"))
    compared = factories.all_comparisons(lab)
    for comparison, raters in zip(compared, ((zoe,), (zoe, amy)), strict=True):
        Decision.objects.create(judge=judge, comparison=comparison, status="decided", winner="a")
        for rater in raters:
            Judgment.objects.create(
                judge=judge, comparison=comparison, order="ab", winner="a", rater=rater,
                sample=rater.pk,
            )  # fmt: skip
    assert columns(lab).rater is None
    by_prompt_key = dict(
        zip(columns(lab).prompt.tolist(), columns(lab, "rater").rater, strict=True)
    )
    assert sorted(by_prompt_key.values()) == [-1, 0]
    Judgment.objects.filter(rater=zoe, comparison=compared[1]).delete()
    assert sorted(columns(lab, "rater").rater.tolist()) == [0, 1]


@pytest.mark.parametrize(
    ("said", "clarity"),
    [
        ([("ab", "a", 2)], 1.0),
        ([("ab", "a", 1)], 0.5),
        ([("ab", "b", 1), ("ba", "b", 2)], 0.75),
        ([("ab", "a", 1), ("ba", "a", None)], 0.5),
        ([("ab", "a", None), ("ba", "a", None)], None),
        ([("ab", "a", 2), ("ba", "b", 1)], None),
        ([("ab", "tie", None)], None),
    ],
)
def test_the_clarity_of_a_win_is_that_of_those_who_named_the_winner(lab, said, clarity):
    judge = factories.judge(lab, "recorded", "gpt", judge="gpt")
    for comparison in factories.all_comparisons(lab):
        for order, winner, strength in said:
            Judgment.objects.create(
                judge=judge, comparison=comparison, order=order, winner=winner, strength=strength
            )
        decisions.ask(judge, [comparison.pk])
    found = columns(lab, "clarity").clarity
    assert found is None if clarity is None else found.tolist() == [clarity, clarity]


def two_say_how_clearly(lab, judge, users):
    """zoe sees slight wins of a everywhere, and after her amy clear ones; return zoe."""
    zoe, amy = (users.objects.create(username=name) for name in ("zoe", "amy"))
    for comparison in factories.all_comparisons(lab):
        Decision.objects.create(judge=judge, comparison=comparison, status="decided", winner="a")
        for rater, strength in ((zoe, 1), (amy, 2)):
            Judgment.objects.create(
                judge=judge, comparison=comparison, order="ab", winner="a", rater=rater,
                sample=rater.pk, strength=strength,
            )  # fmt: skip
    return zoe


def test_what_a_rater_in_quarantine_said_of_clarity_does_not_count(lab, django_user_model):
    judge = factories.judge(lab, "human", "people", raters=2)
    zoe = two_say_how_clearly(lab, judge, django_user_model)
    assert columns(lab, "clarity").clarity.tolist() == [0.75, 0.75]
    Quarantine.objects.create(judge=judge, rater=zoe)
    assert columns(lab, "clarity").clarity.tolist() == [1.0, 1.0]


def test_a_late_vote_changes_neither_the_clarity_nor_whose_verdict_it_is(lab, django_user_model):
    judge = factories.judge(lab, "human", "people", raters=1)
    two_say_how_clearly(lab, judge, django_user_model)
    found = columns(lab, "clarity", "rater")
    assert found.clarity.tolist() == [0.5, 0.5]
    assert found.rater.tolist() == [0, 0]


def test_a_vote_that_does_not_say_how_clear_it_is_takes_its_place(lab, django_user_model):
    judge = factories.judge(lab, "human", "people", raters=2)
    users = [django_user_model.objects.create(username=name) for name in ("zoe", "amy", "bob")]
    for comparison in factories.all_comparisons(lab):
        Decision.objects.create(judge=judge, comparison=comparison, status="decided", winner="a")
        for rater, winner, strength in zip(users, "aba", (1, None, 2), strict=True):
            Judgment.objects.create(
                judge=judge, comparison=comparison, order="ab", winner=winner, rater=rater,
                sample=rater.pk, strength=strength,
            )  # fmt: skip
    assert columns(lab, "clarity").clarity.tolist() == [0.5, 0.5]


def test_looks_are_read_from_the_texts(lab):
    Output.objects.filter(competitor__name="ann").update(turns=["# Title", "**bold** text"])
    decided(lab, ("ab", "a", None))
    found = columns(lab, "covariates.headers", "covariates.characters").covariates
    assert set(found) == {"headers", "characters"}
    assert (found["headers"] > 0).all()
    lengths = {o.competitor.name: len(o.text) for o in Output.objects.all()}
    assert found["characters"].tolist() == [lengths["ann"] - lengths["ben"]] * 2


def test_a_new_import_of_the_same_data_is_numbered_alike():
    def built(slug, order):
        lab = factories.project(slug)
        people = {name: Competitor.objects.create(project=lab, name=name) for name in order}
        for key in sorted(("p1", "p0"), reverse=order[0] == "ben"):
            prompt = Prompt.objects.create(project=lab, key=key, messages=[], category=key)
            for name in order:
                Output.objects.create(prompt=prompt, competitor=people[name], turns=[name])
        judge = factories.judge(lab, "recorded", "gpt", judge="gpt")
        for comparison in factories.all_comparisons(lab):
            ann = comparison.output_a.competitor.name == "ann"
            winner = "a" if ann == (comparison.prompt.key == "p0") else "b"
            Judgment.objects.create(judge=judge, comparison=comparison, order="ab", winner=winner)
            decisions.ask(judge, [comparison.pk])
        found = Decision.objects.filter(judge=judge)
        names = dict(lab.competitors.values_list("pk", "name"))
        table = comparisons_of(found, names, [judge], ())
        rows = zip(table.prompt, table.a, table.b, table.score, strict=True)
        turned = {(int(p), *((int(a), int(b), s) if a < b else (int(b), int(a), 1 - s)))
                  for p, a, b, s in rows}  # fmt: skip
        return table.competitors, turned, by_prompt(found, "category")

    assert built("one", ["ann", "ben"]) == built("two", ["ben", "ann"])


def test_without_a_decision_the_columns_are_empty(lab):
    found = columns(lab, "first", "share", "judge", "surrogate", "covariates.length")
    assert len(found.a) == len(found.covariates["length"]) == 0
    assert found.competitors == ("ann", "ben")
    assert isinstance(found.score, np.ndarray)


def repeats(lab):
    judges = list(Judge.objects.filter(project=lab))
    return repeats_of(Decision.objects.filter(status="decided"), judges)


def test_calls_that_were_repeated_are_counted_by_who_was_shown_first(lab):
    decided(lab, ("ab", "a", None), ("ba", "tie", None), ("unknown", "b", None))

    found = repeats(lab)

    assert found.competitors == 2
    assert found.wins.tolist() == [[1, 0, 0]] * 2
    assert found.ties.tolist() == [[0, 1, 0]] * 2
    assert found.calls.tolist() == [[1, 1, 1]] * 2
    assert len(set(found.prompt.tolist())) == 2


def test_one_call_is_no_repeat_and_two_judges_are_not_one(lab):
    decided(lab, ("ab", "a", None))
    other = factories.judge(lab, "recorded", "crowd", judge="crowd")
    for comparison in factories.all_comparisons(lab):
        Judgment.objects.create(judge=other, comparison=comparison, order="ba", winner="a")
        decisions.ask(other, [comparison.pk])

    assert len(repeats(lab).a) == 0


def test_people_who_judge_the_same_comparison_are_no_repeats(lab):
    crowd = factories.judge(lab, "human", "crowd")
    for comparison in factories.all_comparisons(lab):
        for sample, name in enumerate(("eve", "dan")):
            person, _ = get_user_model().objects.get_or_create(username=name)
            Judgment.objects.create(
                judge=crowd, comparison=comparison, order="ab", winner="a", rater=person,
                sample=sample,
            )  # fmt: skip
        decisions.ask(crowd, [comparison.pk])

    assert len(repeats(lab).a) == 0


@pytest.mark.parametrize(("kind", "repeated"), [("human", 0), ("llm", 2)])
def test_imported_verdicts_of_people_are_no_repeats(lab, kind, repeated):
    judge = factories.judge(lab, "recorded", "crowd", judge="crowd")
    for comparison in factories.all_comparisons(lab):
        for order in ("ab", "ba"):
            Judgment.objects.create(
                judge=judge, comparison=comparison, order=order, winner="a",
                details={"judge_kind": kind},
            )  # fmt: skip
        decisions.ask(judge, [comparison.pk])

    assert len(repeats(lab).a) == repeated


def test_a_statistical_model_repeats_itself_and_does_not_count(lab):
    surrogate = factories.judge(lab, "surrogate", "model")
    for comparison in factories.all_comparisons(lab):
        for order in ("ab", "ba"):
            Judgment.objects.create(judge=surrogate, comparison=comparison, order=order, winner="a")
        Decision.objects.create(
            judge=surrogate, comparison=comparison, status="decided", winner="a"
        )

    assert len(repeats(lab).a) == 0


def test_of_many_prompts_a_sample_is_read(lab, monkeypatch):
    monkeypatch.setattr("tournaments.services.columns.REPEATS_FROM", 1)
    decided(lab, ("ab", "a", None), ("ba", "a", None))

    assert len(repeats(lab).a) == 1
