import random
import threading
import time
from contextlib import suppress

import pytest
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.models import Output, Prompt
from judges.models import Campaign, Decision, Judgment
from judges.services import decisions
from judges.services.settling import settle
from tests import factories
from tests.threads import Another, until_somebody_waits_for_a_lock
from tournaments.models import Match, Tournament
from tournaments.queries import progress_of, status_of
from tournaments.services import advancing, extending, lifecycle
from tournaments.services.estimating import estimate_of
from tournaments.tasks import advance as advance_task
from tournaments.tasks import rate as rate_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(lab):
    return factories.judge(lab, "human", "people")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"format": "chess"}, None),
        ({"format_params": {"speed": 1}}, "params.speed"),
        ({"competitors": ["ann", "zoe"]}, "competitors"),
        ({"competitors": ["ann"]}, "competitors"),
        ({"slice": {"mood": "sad"}}, "slice.mood"),
        ({"judges": []}, "judges"),
        ({"max_calls": 0}, "budget.max_calls"),
        ({"max_usd": 0.0}, "budget.max_usd"),
    ],
)
def test_a_draft_names_what_is_wrong_and_writes_nothing(lab, people, change, field):
    wanted = {"name": "cup", "format": "round_robin", "judges": ["people"], **change}

    with pytest.raises(InvalidInput) as error:
        lifecycle.create(project=lab, **wanted)

    assert field is None or field in error.value.fields
    assert not Tournament.objects.exists()


def test_an_unknown_judge_is_not_found(lab):
    with pytest.raises(NotFound):
        lifecycle.create(project=lab, name="cup", format="round_robin", judges=["nobody"])


@pytest.mark.parametrize("names", [["people"], ["people", "stub"]])
def test_raters_of_live_battles_judge_no_tournament(lab, people, names):
    factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    Campaign.objects.update(is_live=True)

    with pytest.raises(Conflict, match="live battles") as refused:
        lifecycle.create(project=lab, name="cup", format="round_robin", judges=names)

    assert refused.value.fields == {"judges": "people judges only live battles"}
    assert not Tournament.objects.exists()


@pytest.mark.parametrize(
    ("before", "go_on"),
    [
        ("draft", lifecycle.start), ("paused", lifecycle.resume), ("failed", lifecycle.resume),
        ("completed", lifecycle.reopen),
    ],
)  # fmt: skip
def test_it_does_not_go_on_when_its_raters_hold_live_battles_by_now(lab, people, before, go_on):
    cup = factories.tournament(lab, people)
    Tournament.objects.update(status=before)
    Campaign.objects.update(is_live=True)

    with pytest.raises(Conflict, match="live battles"):
        go_on(cup)

    cup.refresh_from_db()
    assert (cup.status, cup.brackets.count()) == (before, 0)


def test_a_draft_costs_nothing_and_is_estimated(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cup = factories.tournament(lab, stub)

    estimate = estimate_of(cup)

    assert (estimate.prompts, estimate.matches, estimate.calls) == (4, 12, 24)
    assert not Decision.objects.exists()


def test_starting_twice_is_a_conflict(lab, people):
    cup = factories.started(lab, people)

    with pytest.raises(Conflict, match="cannot become running"):
        lifecycle.start(cup)


def test_a_slice_without_answers_cannot_start_and_stays_a_draft(lab, people):
    cup = factories.tournament(lab, people, slice={"category": "even"})
    Output.objects.filter(prompt__category="even").delete()

    with pytest.raises(Conflict, match="no prompt"):
        lifecycle.start(cup)

    cup.refresh_from_db()
    assert cup.status == "draft"


def test_a_slice_takes_only_its_prompts(lab, people):
    cup = factories.started(lab, people, slice={"category": "even"})

    keys = set(Match.objects.values_list("decision__comparison__prompt__key", flat=True))
    assert keys == {"p0", "p2"}
    assert cup.planned == 6


def test_a_prompt_that_one_competitor_did_not_answer_is_played_by_the_others(lab, people):
    lab.prompts.get(key="p0").outputs.filter(competitor__name="cat").delete()
    lab.prompts.get(key="p1").outputs.exclude(competitor__name="cat").delete()

    cup = factories.started(lab, people)

    assert cup.brackets.count() == 3
    assert cup.planned == cup.matches.count() == 1 + 3 + 3


def test_a_tournament_that_waits_for_people_says_so(lab, people):
    cup = factories.started(lab, people)
    progress = progress_of(cup)

    assert progress.waiting_for_people == 12
    assert status_of(cup, progress) == "waiting"


def test_pause_holds_and_resume_takes_up_again(lab, people):
    cup = factories.started(lab, people)

    lifecycle.pause(cup)
    assert set(Decision.objects.values_list("status", flat=True)) == {"held"}

    lifecycle.resume(cup)
    assert set(Decision.objects.values_list("status", flat=True)) == {"waiting"}


def test_pausing_leaves_what_another_tournament_wants(lab, people):
    first = factories.started(lab, people)
    second = factories.started(lab, people, "single_elimination")

    lifecycle.pause(first)

    wanted = Decision.objects.filter(matches__tournament=second)
    assert set(wanted.values_list("status", flat=True)) == {"waiting"}
    assert Decision.objects.filter(status="held").count() == 12 - wanted.count()


def test_cancel_is_for_good(lab, people):
    cup = factories.started(lab, people)

    lifecycle.cancel(cup)

    with pytest.raises(Conflict, match="is cancelled"):
        lifecycle.resume(cup)


def test_retry_asks_again_for_failed_calls_only(lab, people):
    cup = factories.started(lab, people)
    one, two, *_ = Decision.objects.order_by("pk").values_list("pk", flat=True)
    Decision.objects.filter(pk=one).update(status="undecided", silence="failed")
    Decision.objects.filter(pk=two).update(status="undecided", silence="refused")

    assert lifecycle.retry_undecided(cup) == 1

    assert Decision.objects.get(pk=one).status == "waiting"
    assert Decision.objects.get(pk=two).status == "undecided"


def test_what_is_decided_already_is_shared_and_free(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    factories.started(lab, stub)
    Decision.objects.update(status="decided", winner="a")

    second = factories.started(lab, stub, max_calls=1)

    assert Decision.objects.count() == 12
    assert (second.status, second.matches.count()) == ("completed", 12)


def test_what_was_asked_and_never_paid_is_kept_back_by_who_takes_it_up(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    lifecycle.cancel(factories.started(lab, stub))

    second = factories.started(lab, stub, max_calls=10)

    assert (second.status, second.matches.count()) == ("running", 2)


def test_money_stops_a_round_robin_that_is_under_way(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cup = factories.started(lab, stub, max_usd=0.5)
    decision = Decision.objects.order_by("pk").first()
    Judgment.objects.create(
        judge=stub, comparison=decision.comparison, order="ab", winner="a", calls=1, usd=0.6
    )

    advancing.advance(cup.pk)

    cup.refresh_from_db()
    assert cup.status == "paused"
    assert "$0.5" in cup.note
    assert set(Decision.objects.values_list("status", flat=True)) == {"held"}


def test_a_retry_asks_a_machine_again_and_does_not_rule_for_it(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cup = factories.started(lab, stub)
    Decision.objects.update(status="undecided", silence="failed")

    assert lifecycle.retry_undecided(cup) == 12

    assert set(Decision.objects.values_list("status", "silence")) == {("open", None)}


def test_a_cancelled_tournament_retries_nothing(lab):
    cup = factories.started(lab, factories.stub_judge(lab, "http://127.0.0.1:9/v1"))
    Decision.objects.update(status="undecided", silence="failed")
    lifecycle.cancel(cup)

    with pytest.raises(Conflict):
        lifecycle.retry_undecided(cup)


def test_a_retry_goes_by_the_status_of_now(lab):
    cup = factories.started(lab, factories.stub_judge(lab, "http://127.0.0.1:9/v1"))
    Decision.objects.update(status="undecided", silence="failed")
    lifecycle.cancel(Tournament.objects.get(pk=cup.pk))

    with pytest.raises(Conflict, match="is cancelled"):
        lifecycle.retry_undecided(cup)

    assert set(Decision.objects.values_list("status", flat=True)) == {"undecided"}


@pytest.mark.parametrize("wrong", [{"tags": 5}, {"tags": "abc"}, {"category": ["x"]}])
def test_a_slice_of_the_wrong_shape_writes_nothing(lab, people, wrong):
    with pytest.raises(InvalidInput):
        factories.tournament(lab, people, slice=wrong)

    assert not Tournament.objects.exists()


def paid(decisions, calls=2):
    """Settle the decisions as if each had taken so many calls."""
    for decision in decisions:
        Judgment.objects.create(
            judge=decision.judge,
            comparison=decision.comparison,
            order="ab",
            winner="a",
            calls=calls,
        )
    Decision.objects.filter(pk__in=[decision.pk for decision in decisions]).update(
        status="decided", winner="a", share=1.0
    )


def test_a_verdict_gives_free_what_was_kept_back_and_the_end_of_the_budget_pauses(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cup = factories.started(lab, stub, max_calls=11)
    under_way = []
    while cup.status == "running":
        pending = list(Decision.objects.exclude(status="decided"))
        under_way.append(len(pending))
        paid(pending)
        advancing.advance(cup.pk)
        cup.refresh_from_db()

    assert under_way == [2, 1, 1]  # 8 + 4 + 4 calls kept back, 4 + 2 + 2 made: 8 of 11
    assert (cup.status, cup.matches.count()) == ("paused", 4)
    assert cup.note == (
        "the budget of 11 calls does not reach for one more comparison: 3 calls are left and it "
        "may need 4 (2 as planned, the rest for repairs and stand-ins)"
    )


def test_more_budget_lets_it_go_on(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cup = factories.started(lab, stub, max_calls=3)
    assert (cup.status, cup.matches.count()) == ("paused", 0)
    Tournament.objects.filter(pk=cup.pk).update(max_calls=100)

    lifecycle.resume(cup)
    advancing.advance(cup.pk)

    cup.refresh_from_db()
    assert (cup.status, cup.matches.count()) == ("running", 12)


def test_a_retry_beyond_the_budget_is_refused(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cup = factories.started(lab, stub)
    Decision.objects.update(status="undecided", silence="failed")
    Tournament.objects.filter(pk=cup.pk).update(max_calls=20)
    cup.refresh_from_db()

    with pytest.raises(Conflict, match="pays for 5 of 12"):
        lifecycle.retry_undecided(cup)


def test_a_held_decision_of_a_cancelled_tournament_is_taken_up_by_the_next(lab, people):
    lifecycle.cancel(factories.started(lab, people))

    factories.started(lab, people)

    assert set(Decision.objects.values_list("status", flat=True)) == {"waiting"}
    assert decisions.ask(people, []) == {}


@pytest.fixture
def no_broker(monkeypatch):
    def away(**_):
        raise OperationalError("Redis is away")

    monkeypatch.setattr(advance_task, "delay", away)
    monkeypatch.setattr(rate_task, "delay", away)


def test_without_a_broker_every_change_stands(
    lab, people, no_broker, django_capture_on_commit_callbacks
):
    cup = factories.tournament(lab, people)
    done = []
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.start(cup)
        transaction.on_commit(lambda: done.append("what else was to be done"))
    advancing.advance(cup.pk)
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.pause(cup)
        lifecycle.resume(cup)
        extending.extend(cup, extending.Wanted(max_calls=100))
        extending.withdraw(cup, "cat", keep_games=True)

    cup.refresh_from_db()
    assert (cup.status, cup.max_calls, done) == ("running", 100, ["what else was to be done"])


def test_a_completed_tournament_is_completed_without_a_broker(
    lab, people, no_broker, django_capture_on_commit_callbacks
):
    cup = factories.started(lab, people)
    Decision.objects.update(status="decided", winner="a")
    cup.brackets.update(dirty=True)

    with django_capture_on_commit_callbacks(execute=True):
        advancing.advance(cup.pk)

    cup.refresh_from_db()
    assert cup.status == "completed"


def test_a_retry_asks_nothing_of_who_has_withdrawn(lab, people):
    cup = factories.started(lab, people)
    Decision.objects.update(status="undecided", silence="failed")
    extending.withdraw(cup, "cat", keep_games=True)
    cup.refresh_from_db()

    assert lifecycle.retry_undecided(cup) == 4

    asked = Decision.objects.filter(status="waiting")
    names = {d.comparison.output_a.competitor.name for d in asked}
    names |= {d.comparison.output_b.competitor.name for d in asked}
    assert names == {"ann", "ben"}


def test_a_retry_takes_up_what_another_tournament_was_stopped_at(lab, people):
    cup = factories.started(lab, people)
    Decision.objects.update(status="undecided", silence="failed")
    cup.brackets.update(dirty=True)
    advancing.advance(cup.pk)
    lifecycle.cancel(factories.started(lab, people))
    assert set(Decision.objects.values_list("status", flat=True)) == {"held"}
    cup.refresh_from_db()

    assert lifecycle.retry_undecided(cup) == 12

    assert set(Decision.objects.values_list("status", flat=True)) == {"waiting"}


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_what_is_extended_while_it_is_completed_still_plays():
    lab = factories.project()
    factories.field(lab, prompts=2)
    cup = factories.started(lab, factories.judge(lab, "human", "people"))
    Decision.objects.update(status="decided", winner="a")
    cup.brackets.update(dirty=False, finished=True)
    prompt = Prompt.objects.create(
        project=lab, key="late", messages=[{"role": "user", "content": "Late?"}]
    )
    for who in lab.competitors.all():
        Output.objects.create(prompt=prompt, competitor=who, turns=["Answer."])
    with transaction.atomic():
        extending.extend(cup, extending.Wanted(prompts=True))
        thread = Another(lambda: lifecycle.complete(cup.pk))
        until_somebody_waits_for_a_lock()
    completed = thread.finish()

    cup.refresh_from_db()
    assert (completed, cup.status) == (False, "running")


class Crowd:
    """Threads that do their work again and again, on connections of their own, until told."""

    def __init__(self, *works):
        self.errors, self.over = [], threading.Event()
        self.threads = [
            threading.Thread(target=self.again_and_again, args=(work, random.Random(seed)))
            for seed, work in enumerate(works)
        ]
        for thread in self.threads:
            thread.start()

    def again_and_again(self, work, rng):
        try:
            while not self.over.is_set():
                with suppress(Conflict):
                    work(rng)
        except Exception as error:
            self.errors.append(error)
        finally:
            connection.close()

    def until(self, done, seconds=60):
        deadline = time.monotonic() + seconds
        while not (self.errors or done()) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.over.set()
        for thread in self.threads:
            thread.join(30)


def decide_some(rng):
    waiting = list(Decision.objects.filter(status__in=("waiting", "held")))
    some = rng.sample(waiting, min(7, len(waiting)))
    for decision in some:
        Judgment.objects.get_or_create(
            judge=decision.judge, comparison=decision.comparison, order="ab", sample=0,
            defaults={"winner": rng.choice("ab")},
        )  # fmt: skip
    settle([decision.pk for decision in some])


def ask_formats(rng):
    for cup in rng.sample(list(Tournament.objects.all()), 2):
        advancing.advance(cup.pk)


def press_buttons(rng):
    cup = rng.choice(list(Tournament.objects.all()))
    lifecycle.pause(cup)
    lifecycle.resume(cup)


def all_completed():
    return set(Tournament.objects.values_list("status", flat=True)) == {"completed"}


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_verdicts_formats_and_buttons_never_lock_each_other_out():
    """Two tournaments that share all their games, paused and resumed all the time."""
    lab = factories.project()
    factories.field(lab, prompts=12, competitors=factories.NAMES[:4])
    people = factories.judge(lab, "human", "people")
    for kind in ("round_robin", "single_elimination"):
        factories.started(lab, people, kind)

    crowd = Crowd(decide_some, decide_some, ask_formats, ask_formats, press_buttons)
    crowd.until(all_completed)

    assert crowd.errors == []
    assert all_completed()


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_a_retry_while_it_is_cancelled_asks_for_nothing():
    lab = factories.project()
    factories.field(lab, prompts=2)
    cup = factories.started(lab, factories.stub_judge(lab, "http://127.0.0.1:9/v1"))
    Decision.objects.update(status="undecided", silence="failed")
    with transaction.atomic():
        lifecycle.cancel(Tournament.objects.get(pk=cup.pk))
        thread = Another(lambda: lifecycle.retry_undecided(cup))
        until_somebody_waits_for_a_lock()

    with pytest.raises(Conflict, match="the tournament is cancelled; it asks for nothing now"):
        thread.finish()
    assert set(Decision.objects.values_list("status", flat=True)) == {"undecided"}
