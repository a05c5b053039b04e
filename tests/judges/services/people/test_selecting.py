from collections import Counter
from math import comb

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from arena.common.errors import InvalidInput
from arena.models import Comparison, Output, Prompt
from judges.models import Battle, Decision, Endpoint, GoldQuestion, Judgment, Speaker
from judges.services import decisions
from judges.services.people.selecting import (
    CHARACTERS_A_MINUTE,
    DECIDING,
    Wanted,
    _diagonals,
    select,
)
from tests import factories


@pytest.fixture
def lab(db):
    made = factories.project()
    factories.field(made, prompts=6, competitors=factories.NAMES[:4])
    return made


@pytest.fixture
def campaign(lab):
    return factories.judge(lab, "human", "people", raters=2).campaign


def choose(campaign, **wanted):
    return select(campaign, Wanted(**wanted), raters=2)


def pairs_of(selection):
    return [candidate.pair for candidate in selection.chosen]


def settle(judge, comparison, winner):
    return Decision.objects.create(
        judge=judge, comparison=comparison, status="decided", winner=winner
    )


@given(st.integers(0, 12), st.integers(0, 12))
def test_diagonals_name_every_cell_once_and_stay_even(rows, columns):
    cells = list(_diagonals(rows, columns))

    assert len(cells) == len(set(cells)) == rows * columns
    for length in range(1, len(cells)):
        for axis, size in ((0, rows), (1, columns)):
            counts = Counter(cell[axis] for cell in cells[:length])
            assert max(counts.values()) - (min(counts.values()) if len(counts) == size else 0) <= 1


def test_a_sample_is_even_over_prompts_and_pairs_of_competitors(campaign):
    selection = choose(campaign, how="sample", count=12)

    assert selection.found == 6 * comb(4, 2)
    assert len(set(pairs_of(selection))) == 12
    assert set(Counter(candidate.prompt for candidate in selection.chosen).values()) == {2}
    who = dict(Output.objects.values_list("pk", "competitor_id"))
    met = Counter(frozenset(who[pk] for pk in pair) for pair in pairs_of(selection))
    assert set(met.values()) == {2}


def test_what_is_asked_first_of_a_sample_is_as_even_as_the_whole(campaign):
    chosen = choose(campaign, how="sample", count=24).chosen
    in_order = sorted(chosen, key=lambda item: -item.priority)

    for length in range(1, 25):
        seen = Counter(item.prompt for item in in_order[:length])
        assert max(seen.values()) - (min(seen.values()) if len(seen) == 6 else 0) <= 1


def test_a_sample_is_drawn_by_its_seed(campaign):
    one, same = choose(campaign, how="sample", count=9), choose(campaign, how="sample", count=9)
    other = choose(campaign, how="sample", count=9, seed=1)

    assert one == same
    assert set(pairs_of(one)) != set(pairs_of(other))
    assert all(0 <= candidate.priority <= 1 for candidate in one.chosen)
    assert len({candidate.priority for candidate in one.chosen}) == 9


def test_a_sample_leaves_out_what_is_asked_and_gold(campaign, lab):
    every = factories.all_comparisons(lab)
    decisions.ask(campaign.judge, [row.pk for row in every[:10]])
    GoldQuestion.objects.create(campaign=campaign, comparison=every[10], expected="a")

    selection = choose(campaign, how="sample", count=100)

    left = {(row.output_a_id, row.output_b_id) for row in every[11:]}
    assert set(pairs_of(selection)) == left
    assert selection.found == len(left)


def test_what_is_held_may_be_asked_again(campaign, lab):
    every = factories.all_comparisons(lab)
    decisions.ask(campaign.judge, [every[0].pk])
    decisions.hold(Decision.objects.all())

    assert choose(campaign, how="sample", count=100).found == len(every)


def test_of_several_samples_the_first_is_taken(campaign, lab):
    prompt = lab.prompts.first()
    competitor = lab.competitors.first()
    second = Output.objects.create(prompt=prompt, competitor=competitor, sample=1, turns=["x"])

    selection = choose(campaign, how="sample", count=100)

    assert selection.found == 6 * comb(4, 2)
    assert all(second.pk not in pair for pair in pairs_of(selection))


def test_a_slice_holds_for_samples_and_for_verdicts(campaign, lab):
    Prompt.objects.filter(category="even").update(language="de")
    judge = factories.judge(lab, "recorded", judge="x")
    for comparison in factories.all_comparisons(lab):
        settle(judge, comparison, "a")

    for how in ("sample", "decided"):
        chosen = choose(campaign, how=how, judge="recorded", category="even", language="de")
        assert chosen.found == 3 * comb(4, 2)
        assert choose(campaign, how=how, judge="recorded", category="odd", language="de").found == 0


def test_what_a_judge_has_decided_is_sampled_to_check_it(campaign, lab):
    judge = factories.judge(lab, "recorded", judge="x")
    every = factories.all_comparisons(lab)
    for comparison in every[:20]:
        settle(judge, comparison, "a")

    selection = choose(campaign, how="decided", judge="recorded", count=5)

    assert (selection.found, len(selection.chosen)) == (20, 5)
    decided = {(row.output_a_id, row.output_b_id) for row in every[:20]}
    assert set(pairs_of(selection)) <= decided


def test_where_a_jury_disagrees_the_most_divided_come_first(campaign, lab):
    names = ["one", "two", "three", "four"]
    members = [factories.judge(lab, "recorded", name, judge=name) for name in names]
    factories.judge(lab, "jury", members=names, aggregation="plurality")
    agreed, split, divided, single = factories.all_comparisons(lab)[:4]
    for member, votes in zip(
        members, [("a", "a", "a"), ("a", "a", "b"), ("a", "a", "tie"), ("a", "b", "a")], strict=True
    ):
        for comparison, winner in zip((agreed, split, divided), votes, strict=True):
            settle(member, comparison, winner)
    settle(members[0], single, "a")

    selection = choose(campaign, how="split", judge="jury")

    assert pairs_of(selection) == [
        (divided.output_a_id, divided.output_b_id), (split.output_a_id, split.output_b_id),
    ]  # fmt: skip
    assert [round(item.information, 3) for item in selection.chosen] == [0.75, 0.406]


def test_what_a_judge_is_unsure_of(campaign, lab):
    judge = factories.judge(lab, "recorded", judge="x")
    sure, near, nearer = factories.all_comparisons(lab)[:3]
    for comparison, both in ((sure, (0.9, 0.9)), (near, (0.6, 0.8)), (nearer, (0.9, 0.2))):
        for order, probability in zip(("ab", "ba"), both, strict=True):
            Judgment.objects.create(
                judge=judge, comparison=comparison, order=order, winner="a", probability=probability
            )

    selection = choose(campaign, how="unsure", judge="recorded")

    assert pairs_of(selection) == [
        (nearer.output_a_id, nearer.output_b_id), (near.output_a_id, near.output_b_id),
    ]  # fmt: skip
    assert selection.chosen[0].information == pytest.approx(4 * 0.55 * 0.45)
    assert choose(campaign, how="unsure", judge="recorded", margin=0.1).found == 1


def test_where_a_judge_changes_sides(campaign, lab):
    judge = factories.judge(lab, "recorded", judge="x")
    firm, flipped, silent = factories.all_comparisons(lab)[:3]
    for comparison, winners in ((firm, "aa"), (flipped, "ab"), (silent, "a")):
        for order, winner in zip(("ab", "ba"), winners, strict=False):
            Judgment.objects.create(judge=judge, comparison=comparison, order=order, winner=winner)
    Judgment.objects.create(judge=judge, comparison=silent, order="ba", silence="refused")

    selection = choose(campaign, how="flipped", judge="recorded")

    assert pairs_of(selection) == [(flipped.output_a_id, flipped.output_b_id)]


def test_of_equally_open_ones_the_shortest_comes_first(campaign, lab):
    judge = factories.judge(lab, "recorded", judge="x")
    long, short = factories.all_comparisons(lab)[:2]
    Output.objects.filter(pk=long.output_b_id).update(turns=["é" * 14_000])
    for comparison in (long, short):
        for order, winner in (("ab", "a"), ("ba", "b")):
            Judgment.objects.create(judge=judge, comparison=comparison, order=order, winner=winner)
    assert {long.output_b_id} - {short.output_a_id, short.output_b_id}

    first, last = choose(campaign, how="flipped", judge="recorded").chosen

    assert first.pair == (short.output_a_id, short.output_b_id)
    assert last.minutes == pytest.approx(DECIDING + 14_100 / CHARACTERS_A_MINUTE, abs=0.1)
    assert 0 < last.priority < first.priority < 1


def test_minutes_are_those_of_all_raters(campaign):
    selection = choose(campaign, how="sample", count=3)

    assert selection.judgments == 6
    assert selection.minutes == pytest.approx(2 * sum(item.minutes for item in selection.chosen))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"how": "decided"}, "is missing"),
        ({"how": "unsure", "judge": "nobody"}, "no such judge"),
        ({"how": "split", "judge": "people"}, "is no jury"),
    ],
)
def test_a_judge_that_does_not_fit_is_refused(campaign, wanted, words):
    with pytest.raises(InvalidInput) as refused:
        choose(campaign, **wanted)

    assert words in refused.value.fields["judge"]


def test_selecting_writes_nothing(campaign):
    choose(campaign, how="sample")

    assert not Comparison.objects.exists()
    assert not Decision.objects.exists()


def test_an_empty_project_gives_an_empty_selection(db):
    campaign = factories.judge(factories.project("empty"), "human", "people").campaign

    assert choose(campaign, how="sample").chosen == ()


def test_what_raters_asked_in_battles_is_left_out_of_samples_unless_wanted(lab, campaign):
    wanted = Prompt.objects.order_by("pk").first()
    Prompt.objects.filter(pk=wanted.pk).update(category="live")
    speakers = speakers_for(lab)
    Battle.objects.create(
        campaign=campaign,
        rater=User.objects.create_user("gil"),
        first=speakers[0],
        second=speakers[1],
        comparison=next(one for one in factories.all_comparisons(lab) if one.prompt == wanted),
    )

    everything = choose(campaign, how="sample", count=1000)
    live = choose(campaign, how="sample", category="live", count=1000)

    assert wanted.pk not in {item.prompt for item in everything.chosen}
    assert everything.found == 5 * comb(4, 2)
    assert {item.prompt for item in live.chosen} == {wanted.pk}


def speakers_for(lab):
    where = Endpoint.objects.create(project=lab, name="lab", base_url="http://127.0.0.1:9/v1")
    return [Speaker.objects.create(competitor=who, endpoint=where) for who in lab.competitors.all()]
