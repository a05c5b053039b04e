"""Tournaments that change after their start: nothing is lost, nothing is judged twice."""

import random
from contextlib import suppress

import pytest

from arena.common.errors import Conflict, InvalidInput
from arena.models import Competitor, Output, Prompt
from judges.models import Decision, Judgment
from judges.signals import comparison_decided
from tests import factories
from tests.tournaments.views.worlds import decide, play_out, started
from tournaments.models import Match
from tournaments.services import advancing, extending, lifecycle, rating, sweeping
from tournaments.services.extending import Wanted

pytestmark = pytest.mark.django_db

FORMATS = ("round_robin", "single_elimination", "swiss", "adaptive")


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=3, competitors=factories.NAMES[:4])
    return lab


def more_prompts(lab, keys=("late0", "late1"), category="even"):
    for key in keys:
        prompt = Prompt.objects.create(
            project=lab, key=key, category=category, messages=[{"role": "user", "content": key}]
        )
        Output.objects.bulk_create(
            Output(prompt=prompt, competitor=who, turns=["Answer."])
            for who in lab.competitors.order_by("pk")
        )


def newcomer(lab, name="zoe", prompts=None):
    who = Competitor.objects.create(project=lab, name=name)
    for prompt in prompts or lab.prompts.all():
        Output.objects.create(prompt=prompt, competitor=who, turns=["New."])
    return who


def pairs(cup):
    """(prompt, a, b) of all matches, each as often as it is there."""
    side = "decision__comparison__output_{}__competitor__name"
    rows = cup.matches.values_list(
        "decision__comparison__prompt__key", side.format("a"), side.format("b")
    )
    return sorted((prompt, *sorted(names)) for prompt, *names in rows)


def board(cup):
    return rating.rate(project=cup.project, tournament=cup).rows


# --- Prompts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
def test_new_prompts_are_played_and_what_stood_stays(lab, kind):
    cup = play_out(started(lab, kind))
    before = set(cup.matches.values_list("pk", "decision"))
    more_prompts(lab)

    cup = extending.extend(cup, Wanted(prompts=True))
    assert (cup.status, cup.finished_at) == ("running", None)
    advancing.advance(cup.pk)
    cup = play_out(cup)

    assert cup.status == "completed"
    assert before < set(cup.matches.values_list("pk", "decision"))
    assert {prompt for prompt, *_ in pairs(cup)} == {"p0", "p1", "p2", "late0", "late1"}
    assert cup.planned == cup.matches.count()


def test_only_prompts_of_its_slice_come(lab):
    cup = play_out(started(lab, slice={"category": "even"}))
    more_prompts(lab, ["even"], "even")
    more_prompts(lab, ["odd"], "odd")

    extending.extend(cup, Wanted(prompts=True))

    assert cup.brackets.count() == 3
    assert cup.brackets.filter(prompt__key="even").exists()


@pytest.mark.parametrize("wanted", [Wanted(prompts=True), Wanted()])
def test_nothing_to_add_is_a_conflict(lab, wanted):
    cup = play_out(started(lab))

    with pytest.raises(Conflict, match="nothing to add"):
        extending.extend(cup, wanted)

    cup.refresh_from_db()
    assert cup.status == "completed"


@pytest.mark.parametrize("status", ["draft", "cancelled"])
def test_what_has_not_begun_or_is_cancelled_is_not_extended(lab, status):
    cup = factories.tournament(lab, factories.judge(lab, "human", "people"))
    if status == "cancelled":
        lifecycle.cancel(cup)

    with pytest.raises(Conflict, match=f"is {status}"):
        extending.extend(cup, Wanted(prompts=True))


# --- Competitors and late outputs ---------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("finished", [True, False])
def test_a_newcomer_joins_and_no_verdict_is_lost_or_doubled(lab, kind, finished):
    cup = started(lab, kind)
    if finished:
        play_out(cup)
    judged = set(Decision.objects.filter(status="decided").values_list("pk", flat=True))
    newcomer(lab)

    cup = extending.extend(cup, Wanted(competitors=("zoe",)))
    advancing.advance(cup.pk)
    cup = play_out(cup)

    assert cup.status == "completed"
    assert judged <= set(cup.matches.values_list("decision", flat=True))
    assert len(set(pairs(cup))) == len(pairs(cup)) == cup.planned
    assert any("zoe" in names for _, *names in pairs(cup))
    assert {row["competitor"] for row in board(cup) if row["comparisons"]} == {
        *factories.NAMES[:4], "zoe"}  # fmt: skip


def test_a_round_robin_with_a_newcomer_plays_only_the_newcomers_games(lab):
    cup = play_out(started(lab))
    newcomer(lab)
    asked = Judgment.objects.count()

    plan = extending.extension_of(cup, Wanted(competitors=("zoe",)))
    extending.extend(cup, Wanted(competitors=("zoe",)))
    advancing.advance(cup.pk)
    play_out(cup)

    assert (plan.late_prompts, plan.matches, plan.decided_already) == (3, 12, 0)
    assert Judgment.objects.count() - asked == 12
    assert not Match.objects.filter(bracket__retired=True).exists()


def test_late_outputs_join_with_the_new_prompts(lab):
    late = lab.prompts.get(key="p0").outputs.get(competitor__name="dan")
    turns, who = late.turns, late.competitor
    late.delete()
    cup = play_out(started(lab))
    assert cup.matches.count() == 3 + 6 + 6
    Output.objects.create(prompt=lab.prompts.get(key="p0"), competitor=who, turns=turns)

    extending.extend(cup, Wanted(prompts=True))
    advancing.advance(cup.pk)
    play_out(cup)

    assert cup.matches.count() == 18


@pytest.mark.parametrize(
    ("names", "words"),
    [(("nemo",), "nemo is not known"), (("ann",), "ann plays already")],
)
def test_who_cannot_join_is_named(lab, names, words):
    cup = started(lab)

    with pytest.raises(InvalidInput) as error:
        extending.extend(cup, Wanted(competitors=names))

    assert words in error.value.fields["competitors"]


# --- Budget -------------------------------------------------------------------------------------


def test_a_budget_is_raised_and_not_lowered(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cup = factories.tournament(lab, stub, max_calls=3)
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    with pytest.raises(InvalidInput) as error:
        extending.extend(cup, Wanted(max_calls=2))
    assert "budget.max_calls" in error.value.fields

    cup = extending.extend(cup, Wanted(max_calls=1000))
    assert (cup.status, cup.max_calls) == ("paused", 1000)
    lifecycle.resume(cup)
    advancing.advance(cup.pk)

    assert cup.matches.count() == 18


@pytest.mark.parametrize(
    ("wanted", "note"),
    [
        (Wanted(max_calls=400), ""),
        (Wanted(prompts=True, max_calls=400), ""),
        (Wanted(max_calls=3), "the budget of 3 calls does not reach"),
    ],
)
def test_a_paused_one_says_why_by_the_budget_that_it_has_now(lab, wanted, note):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cup = factories.started(lab, stub, max_calls=2)
    assert "the budget of 2 calls" in cup.note
    more_prompts(lab)

    extending.extend(cup, wanted)

    cup.refresh_from_db()
    assert cup.status == "paused"
    assert cup.note.startswith(note)
    assert bool(cup.note) == bool(note)


def test_a_first_budget_below_what_is_spent_is_refused(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cup = factories.tournament(lab, stub)
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    for decision in Decision.objects.all():
        Judgment.objects.create(
            judge=stub, comparison=decision.comparison, order="ab", winner="a", calls=2, usd=0.5
        )

    with pytest.raises(InvalidInput) as error:
        extending.extend(cup, Wanted(max_calls=1, max_usd=0.1))

    assert error.value.fields == {
        "budget.max_calls": "is below the 36 calls that are spent",
        "budget.max_usd": "is below the $9 that are spent",
    }
    assert extending.extend(cup, Wanted(max_calls=36)).max_calls == 36


@pytest.mark.parametrize("kind", ["round_robin", "single_elimination"])
def test_a_preview_counts_only_what_comes_on_top(lab, kind):
    cup = play_out(started(lab, kind))
    before = cup.matches.count()
    newcomer(lab)

    adds = extending.extension_of(cup, Wanted(competitors=("zoe",)))
    extending.extend(cup, Wanted(competitors=("zoe",)))
    advancing.advance(cup.pk)
    cup = play_out(cup)

    assert adds.matches >= cup.matches.count() - before > 0
    assert adds.decided_already == 0
    if kind == "round_robin":
        assert adds.matches == 3 * 4


# --- Withdrawal ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [*FORMATS, "double_elimination", "groups_knockout", "random_pairs"]
)
def test_the_others_go_on_when_one_withdraws(lab, kind):
    cup = started(lab, kind)
    extending.withdraw(cup, "dan", keep_games=True)
    advancing.advance(cup.pk)

    cup = play_out(cup)

    assert (cup.status, cup.note) == ("completed", "")
    assert not any("dan" in names for _, *names in pairs(cup))
    left = {name for _, *names in pairs(cup) for name in names}
    assert left == {"ann", "ben", "cat"} or (kind == "random_pairs" and len(left) > 1)
    assert not Decision.objects.filter(status="held", matches__isnull=False).exists()


@pytest.mark.parametrize("keep", [True, False])
def test_finished_games_stay_or_leave_the_board(lab, keep):
    cup = play_out(started(lab))

    cup = extending.withdraw(cup, "dan", keep_games=keep)

    rows = {row["competitor"]: row["comparisons"] for row in board(cup)}
    assert rows == ({"ann": 9, "ben": 9, "cat": 9, "dan": 9} if keep else dict.fromkeys(
        ["ann", "ben", "cat"], 6))  # fmt: skip
    assert cup.matches.count() == 18
    assert cup.changes == 2  # it was completed, and then changed


def test_one_that_has_won_and_withdraws_leaves_its_place_to_the_next_opponent(lab):
    cup = started(lab, "single_elimination")
    for decision in Decision.objects.filter(matches__tournament=cup):
        Judgment.objects.create(
            judge=decision.judge, comparison=decision.comparison, order="ab", winner="b"
        )
    from judges.services.settling import settle

    settle(list(Decision.objects.values_list("pk", flat=True)))
    winners = {m.decision.comparison.output_b.competitor.name for m in cup.matches.all()}

    extending.withdraw(cup, winners.pop(), keep_games=True)
    advancing.advance(cup.pk)
    cup = play_out(cup)

    assert cup.status == "completed"
    assert cup.matches.count() <= 9


def test_two_have_to_stay_and_who_is_gone_is_gone(lab):
    cup = started(lab)
    extending.withdraw(cup, "dan", keep_games=True)
    with pytest.raises(InvalidInput):
        extending.withdraw(cup, "dan", keep_games=True)
    with pytest.raises(InvalidInput) as error:
        extending.extend(cup, Wanted(competitors=("dan",)))
    assert "has withdrawn" in error.value.fields["competitors"]
    extending.withdraw(cup, "cat", keep_games=False)

    with pytest.raises(Conflict, match="two competitors"):
        extending.withdraw(cup, "ben", keep_games=True)


def test_what_another_tournament_shares_is_still_judged(lab):
    first, second = started(lab), started(lab)

    extending.withdraw(first, "dan", keep_games=True)

    wanted = Decision.objects.filter(matches__tournament=second)
    assert set(wanted.values_list("status", flat=True)) == {"waiting"}
    assert first.matches.count() == 9


# --- After a kill -------------------------------------------------------------------------------


def test_what_an_extension_left_undone_is_found_by_the_sweep(lab, monkeypatch):
    monkeypatch.setattr("tournaments.services.lifecycle.wake", lambda pk: None)
    cup = play_out(started(lab))
    more_prompts(lab)
    extending.extend(cup, Wanted(prompts=True))

    assert sweeping.left_behind()[0] == [cup.pk]


def test_half_an_extension_is_none(lab, monkeypatch):
    cup = play_out(started(lab))
    newcomer(lab)

    def die(*_):
        raise RuntimeError("killed")

    monkeypatch.setattr("tournaments.services.extending.freeze", die)
    with pytest.raises(RuntimeError):
        extending.extend(cup, Wanted(competitors=("zoe",)))

    cup.refresh_from_db()
    assert (cup.status, cup.competitors.count()) == ("completed", 4)
    assert not cup.brackets.filter(retired=True).exists()


# Any life ---------------------------------------------------------------------------------------


class Life:
    """A tournament to which things happen in any order; `after` says what must still hold."""

    def __init__(self, lab, kind, seed):
        self.lab, self.rng = lab, random.Random(seed)
        undecided = "replace" if kind in ("adaptive", "random_pairs") else "leave"
        params = {"games": 6} if kind == "random_pairs" else {}
        self.cup = started(lab, kind, format_params=params, undecided=undecided, seed=seed)
        self.gone, self.before_gone = set(), {}

    def live(self, steps):
        events = [
            self.judge, self.judge, self.judge, self.judge, self.advance, self.advance,
            self.fail_some, self.take_in_hand, self.pause, self.resume, self.resume,
            self.withdraw, self.new_prompts, self.newcomer, self.retry, self.share, self.sweep,
        ]  # fmt: skip
        for _ in range(steps):
            with suppress(Conflict):
                self.rng.choice(events)()

    def judge(self):
        open_ones = list(Decision.objects.filter(status__in=("waiting", "leased")).order_by("pk"))
        for decision in self.rng.sample(open_ones, min(3, len(open_ones))):
            decide(decision, self.rng.choice(["a", "b", "tie"]))

    def advance(self):
        advancing.advance(self.cup.pk)

    def fail_some(self):
        waiting = list(Decision.objects.filter(status="waiting").order_by("pk"))
        for decision in self.rng.sample(waiting, min(2, len(waiting))):
            silence = self.rng.choice(["failed", "refused"])
            Decision.objects.filter(pk=decision.pk).update(status="undecided", silence=silence)
            comparison_decided.send(sender=Decision, decision_ids=[decision.pk])

    def take_in_hand(self):
        """A worker claims some, and gives back what it has had in hand."""
        Decision.objects.filter(status="leased").update(status="waiting")
        ids = Decision.objects.filter(status="waiting").order_by("-pk").values_list("pk", flat=True)
        Decision.objects.filter(pk__in=list(ids[:2])).update(status="leased")

    def pause(self):
        lifecycle.pause(self.cup)

    def resume(self):
        lifecycle.resume(self.cup)

    def withdraw(self):
        playing = self.cup.competitors.exclude(pk__in=self.fresh().withdrawn)
        leaver = self.rng.choice(list(playing.order_by("pk")))
        extending.withdraw(self.cup, leaver.name, keep_games=self.rng.random() < 0.5)
        self.gone.add(leaver.name)
        self.before_gone[leaver.name] = self.games_of(leaver.name)

    def new_prompts(self):
        more_prompts(self.lab, [f"new{self.lab.prompts.count()}"])
        extending.extend(self.cup, Wanted(prompts=True))

    def newcomer(self):
        name = f"new{self.lab.competitors.count()}"
        newcomer(self.lab, name)
        extending.extend(self.cup, Wanted(competitors=(name,)))

    def retry(self):
        lifecycle.retry_undecided(self.fresh())

    def share(self):
        """Another tournament wants the same verdicts, and is stopped."""
        lifecycle.cancel(started(self.lab, "round_robin"))

    def sweep(self):
        for pk in sweeping.left_behind()[0]:
            advancing.advance(pk)

    def fresh(self):
        self.cup.refresh_from_db()
        return self.cup

    def games_of(self, name):
        return {game for game in pairs(self.cup) if name in game[1:]}

    def end(self):
        """Let it run to its end by nothing but the sweep."""
        with suppress(Conflict):
            lifecycle.resume(self.cup)
        for _ in range(300):
            self.take_in_hand()
            Decision.objects.filter(status="leased").update(status="waiting")
            self.sweep()
            mine = Decision.objects.filter(matches__tournament=self.cup, status="waiting")
            for decision in mine.distinct():
                decide(decision, self.rng.choice("ab"))
            if self.fresh().status == "completed" and not mine.exists():
                return


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        ("round_robin", 1), ("single_elimination", 2), ("double_elimination", 3), ("swiss", 4),
        ("random_pairs", 5), ("adaptive", 1), ("adaptive_top", 8),
    ],
)  # fmt: skip
def test_whatever_happens_to_a_tournament_it_ends_and_its_books_are_right(lab, kind, seed):
    life = Life(lab, kind, seed)
    life.live(60)
    life.end()
    cup = life.fresh()

    assert (cup.status, cup.note) == ("completed", "")
    assert not sweeping.left_behind()[0]
    games = pairs(cup)
    assert len(set(games)) == len(games), "a pair was played twice on one prompt"
    assert cup.planned == len(games)
    stuck = cup.matches.exclude(decision__status__in=("decided", "undecided"))
    assert not stuck.exists()
    for name in life.gone:
        assert life.games_of(name) <= life.before_gone[name], "it plays after it has withdrawn"
    counted = cup.matches.filter(counts=True, decision__status="decided").count()
    run = rating.rate(project=lab, tournament=cup)
    assert run.n_comparisons == counted
