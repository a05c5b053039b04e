"""Claims beside a run that goes on, and the judges that its threads share."""

import asyncio
import sys
import threading

import pytest

from judges.contracts import (
    Abstention,
    Answer,
    Backend,
    Order,
    Preference,
    Presentation,
    Silence,
    Usage,
)
from judges.models import Decision, Judge, Judgment
from judges.services import decisions, runner
from judges.services.runner import claiming, stream, work, writing
from tests import factories


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=1, competitors=["ann", "ben", "cat"])
    return lab


def ask_all(lab):
    judge = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    found = decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])
    return list(Decision.objects.filter(pk__in=found.values()))


def claim_with_in_hand(found, meanwhile):
    """A run that has `found` in hand claims; `meanwhile` happens between its look and its end."""

    async def claim():
        run = runner.Runner(3)
        run.in_hand = {one.pk: work.Work(one, set()) for one in found}
        claim = run.claimer.claim

        def slowly(*args, **more):
            claimed = claim(*args, **more)
            meanwhile(run)
            return claimed

        run.claimer.claim = slowly
        claimed = await run._claim_some()
        await asyncio.get_running_loop().run_in_executor(run.database, writing.close_connection)
        return claimed

    return asyncio.run(claim())


def leave(run):
    run.in_hand.clear()


def conclude(run):
    run.concluding = frozenset(run.in_hand)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("meanwhile", "status"), [(leave, "open"), (conclude, "open"), (lambda run: None, "leased")]
)
def test_what_was_in_hand_only_when_the_claim_began_is_given_back(lab, meanwhile, status):
    found = ask_all(lab)

    claimed = claim_with_in_hand(found, meanwhile)

    assert not claimed
    assert set(Decision.objects.values_list("status", flat=True)) == {status}


@pytest.mark.django_db
@pytest.mark.parametrize(("alone", "claimed"), [(True, 1), (False, 0)])
def test_a_suspect_is_claimed_although_another_waits_but_never_beside_one_that_is_asked(
    lab, alone, claimed
):
    waiting, *suspects = ask_all(lab)
    Decision.objects.filter(pk=waiting.pk).update(status="leased", lease="mine")
    Decision.objects.exclude(pk=waiting.pk).update(losses=3)
    claimer = claiming.Claimer("mine", claiming.Kinds(lambda project: Backend()))

    found = claimer.claim(10, not_judges=(), in_hand={waiting.pk}, alone=alone)

    assert len({w.decision.pk for q in found.questions for w, _ in q.parts}) == claimed
    assert len(suspects) == 2


class Ranking:
    """A kind for groups that refuses every group and answers every pair."""

    group_size = range(3, 9)

    def __init__(self):
        self.groups = self.pairs = 0

    def presentations(self, seed):
        return (Presentation(Order.AB), Presentation(Order.BA))

    def planned_calls(self):
        return 2

    def most_calls(self):
        return 3

    def connect(self, backend):
        pass

    async def judge(self, case):
        self.pairs += 1
        return Answer(Preference.FIRST, usage=Usage(calls=1))

    async def judge_group(self, case):
        self.groups += 1
        return Abstention(Silence.REFUSED, usage=Usage(calls=1))

    async def close(self):
        pass


@pytest.mark.django_db(transaction=True)
def test_one_refused_group_silences_none_of_its_pairs(lab, monkeypatch):
    kind = Ranking()
    kind.label = kind.description = kind.source = kind.Params = None
    monkeypatch.setattr(stream, "IDLE_GRACE", 0.3)
    monkeypatch.setattr(claiming.Kinds, "_build", lambda self, judge: kind)
    found = ask_all(lab)

    runner.run()

    assert (kind.groups, kind.pairs) == (2, 6)
    assert set(Decision.objects.values_list("status", flat=True)) == {"decided"}
    spent = sum(Judgment.objects.values_list("calls", flat=True))
    assert spent == 8 <= kind.most_calls() * len(found)


@pytest.mark.pure
def test_judges_are_built_in_one_thread_and_retired_in_another(monkeypatch):
    """Each is closed at most once, and none is lost."""
    monkeypatch.setattr(claiming, "FRESH_SECONDS", -1.0)
    built, retired = [], []

    def build(self, judge):
        built.append(object())
        return built[-1]

    monkeypatch.setattr(claiming.Kinds, "_build", build)
    kinds, failed, interval = claiming.Kinds(lambda project: None), [], sys.getswitchinterval()

    def build_many():
        try:
            for number in range(20_000):
                kinds.of(Judge(pk=number % 500))
        except Exception as error:
            failed.append(error)

    builder = threading.Thread(target=build_many)
    sys.setswitchinterval(1e-6)
    try:
        builder.start()
        while builder.is_alive():
            retired += kinds.retire(())
    finally:
        builder.join()
        sys.setswitchinterval(interval)

    assert not failed
    assert len({id(kind) for kind in [*retired, *kinds.all]}) == len(built)
    assert len(retired) + len(kinds.all) == len(built)
