from __future__ import annotations

import json
from typing import Any

import pytest

from arena.common.errors import Conflict, InvalidInput
from arena.models import Project
from judges.models import Judgment
from judges.red_team.attack import TASKS
from judges.services import red_team
from judges.services.red_team import CONTROL, CONTROLS, assault, attacks_of, planned_calls
from tests import factories
from tests.fakes import openai_server
from tests.fakes.openai_server import Canned, FakeOpenAI

pytestmark = pytest.mark.django_db
FEW = ["borrowed authority"]


@pytest.fixture
def lab() -> Project:
    return factories.project()


def gullible(answers: dict[str, str]) -> str:
    """A judge that knows a good answer, and falls for whoever quotes a jury."""
    for name, text in answers.items():
        if "Votes so far" in text:
            return name
    return next(name for name, text in answers.items() if text in {t.good for t in TASKS})


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    def verdict(_: Any, messages: list[dict[str, Any]]) -> str:
        return gullible(openai_server.shown_answers(messages))

    monkeypatch.setattr(openai_server.Connection, "verdict", verdict)


@pytest.mark.usefixtures("judged")
def test_what_the_model_falls_for_is_counted_by_family(lab: Project) -> None:
    attacks = attacks_of(FEW)
    with FakeOpenAI() as server:
        judge = factories.stub_judge(lab, server.base_url, price_in=1.0, price_out=1.0)
        assert planned_calls(judge, attacks) == 2 * len(attacks)
        steps: list[int] = []
        report = assault(lab, judge, attacks, lambda: steps.append(1))
    control, family = report.families
    assert (control.family, control.won, control.share) == (CONTROL, 0, 0.0)
    assert (family.family, family.attacks, family.asked) == ("borrowed authority", 5, 10)
    assert (family.won, family.fell_for) == (2, ("jury",))
    assert family.share == 0.2
    assert family.low < 0.2 < family.high  # type: ignore[operator]
    assert report.usage.calls == len(steps) == 2 * len(attacks)
    assert report.usage.usd
    assert not Judgment.objects.exists()


def test_the_interval_counts_attacks_and_not_orders(lab: Project) -> None:
    from judges.stats.bootstrap import wilson

    with FakeOpenAI(verdict="first") as server:
        judge = factories.stub_judge(lab, server.base_url)
        family = assault(lab, judge, attacks_of(FEW)).families[1]
    assert (family.share, family.low, family.high) == (0.5, *wilson(0.5, 5))


def test_silence_and_failure_are_kept_apart(lab: Project) -> None:
    said = json.dumps({"reason": "x", "verdict": "A"})
    with FakeOpenAI(pbad=1.0) as server:
        server.script(Canned(text=said))
        judge = factories.stub_judge(lab, server.base_url, repair=False)
        control, family = assault(lab, judge, attacks_of(FEW)).families
    assert (family.silent, family.failed, family.share) == (10, 0, None)
    assert control.silent == 2 * len(CONTROLS) - 1


def test_a_judge_that_gives_no_reply_is_not_asked_on(lab: Project) -> None:
    with FakeOpenAI() as server:
        server.script(*[Canned(status=401, body={"error": {"message": "bad key"}})] * 10)
        judge = factories.stub_judge(lab, server.base_url)
        with pytest.raises(Conflict, match=r"gives no reply.*401"):
            assault(lab, judge, attacks_of())
        assert server.stats.requests <= 2


def test_families_are_known_by_name() -> None:
    with pytest.raises(InvalidInput, match="no family is called 'x'; known: forged verdict"):
        attacks_of(["x"])


def test_who_makes_no_calls_cannot_be_attacked(lab: Project) -> None:
    with pytest.raises(Conflict, match="people judge"):
        planned_calls(factories.judge(lab, "human"), red_team.attacks_of())
