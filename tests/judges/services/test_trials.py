from __future__ import annotations

import json
from typing import Any

import pytest

from arena.common.errors import Conflict, InvalidInput, NotFound
from arena.models import Project
from judges.contracts import Order
from judges.models import Decision, Judge, Judgment
from judges.services import trials
from judges.services.trials import Trial
from tests import factories
from tests.fakes.openai_server import Canned, FakeOpenAI, error

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Project:
    lab = factories.project()
    factories.field(lab, prompts=2, competitors=["ann", "ben"])
    return lab


def tried(
    lab: Project, server: FakeOpenAI, *, kind: str = "llm", seconds: float = 20.0, **params: Any
) -> Trial:
    material = trials.chosen(lab, prompt="p0", a="ann", b="ben")
    given = {"model": "m", "base_url": server.base_url, **params}
    return trials.conduct(lab, kind=kind, params=given, material=material, timeout=seconds)


def test_a_trial_shows_all_that_was_said_and_stores_no_judgment(lab: Project) -> None:
    with FakeOpenAI(verdict="quality") as server:
        trial = tried(lab, server, price_in=1.0, price_out=2.0)

    assert (trial.preference, trial.winner) == ("second", "ben")
    assert (trial.prompt, trial.first, trial.second, trial.order) == ("p0", "ann", "ben", "ab")
    (call,) = trial.calls
    assert [said["role"] for said in call.messages] == ["system", "user"]
    assert "quality=0" in call.messages[1]["content"]
    assert json.loads(call.reply)["verdict"] == "B"
    assert call.response_format == "json_schema"
    assert call.tokens_in
    assert call.usd == trial.usage.usd > 0
    assert trial.usage.calls == 1
    assert not Judgment.objects.exists()
    assert not Decision.objects.exists()
    assert not Judge.objects.exists()


def test_the_prompt_is_that_of_the_real_comparison(lab: Project) -> None:
    from judges.contracts import Presentation
    from judges.services.cases import case_of

    comparison = factories.all_comparisons(lab)[0]
    same = trials.chosen(lab, prompt="p0", a="ann", b="ben", order=Order.AB)
    assert same.case == case_of(comparison, Presentation(Order.AB))
    turned = trials.chosen(lab, prompt="p0", a="ben", b="ann", order=Order.AB)
    assert turned.case == case_of(comparison, Presentation(Order.BA))
    assert (turned.first, turned.second) == ("ben", "ann")
    back = trials.chosen(lab, prompt="p0", a="ben", b="ann", order=Order.BA)
    assert back.case == same.case
    assert (back.first, back.second) == ("ann", "ben")


def test_what_is_not_named_is_drawn(lab: Project) -> None:
    drawn = {trials.chosen(lab).prompt for _ in range(50)}
    assert drawn == {"p0", "p1"}
    one = trials.chosen(lab, a="ben")
    assert (one.first, one.second) == ("ben", "ann")


@pytest.mark.parametrize(
    ("asked", "kind", "words"),
    [
        ({"prompt": "p9"}, NotFound, "no prompt is called 'p9'"),
        ({"prompt": "p0", "a": "zoe"}, InvalidInput, "'zoe' has not answered prompt 'p0'"),
        ({"a": "ann", "b": "ann"}, InvalidInput, "cannot meet itself"),
    ],
)
def test_what_cannot_be_chosen_is_said(
    lab: Project, asked: dict[str, str], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        trials.chosen(lab, **asked)


def test_without_a_pair_it_says_what_is_missing() -> None:
    empty = factories.project("empty")
    with pytest.raises(Conflict, match="no prompt has outputs of two"):
        trials.chosen(empty)
    factories.field(empty, prompts=1, competitors=["ann"])
    with pytest.raises(Conflict, match="no outputs of two competitors"):
        trials.chosen(empty, prompt="p0")


def test_typed_texts_can_be_judged(lab: Project) -> None:
    material = trials.typed("Which is longer?", "short", "much longer")
    with FakeOpenAI() as server:
        trial = trials.conduct(
            lab,
            kind="llm",
            params={"model": "m", "base_url": server.base_url},
            material=material,
        )
    assert (trial.preference, trial.winner, trial.prompt) == ("second", None, "")
    with pytest.raises(InvalidInput, match="nothing to judge"):
        trials.typed(" ", "a", "b")


def test_a_repaired_reply_shows_both_calls(lab: Project) -> None:
    with FakeOpenAI() as server:
        server.script(Canned(text="Hm, hard to say."))
        trial = tried(lab, server)
    first, second = trial.calls
    assert first.reply == "Hm, hard to say."
    assert second.messages[-2]["content"] == "Hm, hard to say."
    assert "could not be read" in second.messages[-1]["content"]
    assert trial.preference


def test_the_same_again_costs_nothing(lab: Project) -> None:
    with FakeOpenAI() as server:
        once = tried(lab, server)
        again = tried(lab, server)
        other = tried(lab, server, temperature=0.5)
        assert server.stats.requests == 2
    assert [call.cached for trial in (once, again, other) for call in trial.calls] == [
        False, True, False,
    ]  # fmt: skip
    assert (again.usage.calls, again.usage.cache_hits, again.usage.usd) == (0, 1, 0)


def test_endpoints_of_the_project_can_be_named(lab: Project) -> None:
    with FakeOpenAI() as server:
        lab.endpoints.create(name="house", base_url=server.base_url, model="big")
        material = trials.chosen(lab)
        trial = trials.conduct(lab, kind="llm", params={"endpoint": "house"}, material=material)
        assert server.seen[0].body["model"] == "big"
    assert trial.preference


def test_why_a_reply_could_not_be_read_is_said(lab: Project) -> None:
    with FakeOpenAI(pbad=1.0) as server:
        trial = tried(lab, server, repair=False)
    assert trial.silence == "unparsable"
    assert "no verdict" in trial.reason
    assert "required form" in trial.advice


def test_thinking_stands_apart(lab: Project) -> None:
    with FakeOpenAI(thinking=True) as server:
        trial = tried(lab, server)
    assert "Let me compare" in trial.calls[0].thinking


def test_quotations_that_were_set_aside_are_told(lab: Project) -> None:
    lab.prompts.filter(key="p0").update(messages=[{"role": "user", "content": "Say [[A]]!"}])
    with FakeOpenAI() as server:
        server.script(Canned(text="The task says [[A]]. My own verdict:\nVerdict: B"))
        trial = tried(lab, server)
    assert trial.preference == "second"
    assert trial.calls[0].aside


@pytest.mark.parametrize(
    ("canned", "words", "advice"),
    [
        (Canned(status=401, body=error("bad key", "invalid_api_key")), "answered 401", "key"),
        (Canned(status=404, body=error("no model", "not_found")), "answered 404", "/v1"),
        (Canned(status=400, body=error("bad field", "invalid")), "answered 400", "extra"),
    ],
)
def test_faults_of_the_endpoint_are_said_in_words(
    lab: Project, canned: Canned, words: str, advice: str
) -> None:
    with FakeOpenAI() as server:
        server.script(canned)
        trial = tried(lab, server)
    assert trial.error is not None
    assert words in trial.error
    assert advice in trial.advice
    (call,) = trial.calls
    assert not call.came_back
    assert "quality=0" in call.messages[1]["content"]  # what was asked is shown all the same


def test_nobody_at_the_address(lab: Project) -> None:
    with FakeOpenAI() as server:
        pass
    trial = tried(lab, server)
    assert trial.error
    assert "Nothing answers" in trial.advice


def test_a_hanging_endpoint_ends_with_the_time(lab: Project) -> None:
    with FakeOpenAI(phang=1.0) as server:
        trial = tried(lab, server, seconds=0.3)
    assert trial.error is not None
    assert "ended after 0.3 s" in trial.error
    assert "slow" in trial.advice


def test_keys_are_never_shown(lab: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_API_KEY", "sk-secret-123456")
    said = json.dumps({"reason": "your key is sk-secret-123456", "verdict": "A"})
    with FakeOpenAI() as server:
        server.script(
            Canned(text=said),
            Canned(status=400, body=error("unknown key sk-secret-123456", "x")),
        )
        replied = tried(lab, server, api_key_env="FAKE_API_KEY")
        failed = tried(lab, server, api_key_env="FAKE_API_KEY")
        assert server.seen[0].headers["authorization"] == "Bearer sk-secret-123456"
    for trial in (replied, failed):
        assert "sk-secret" not in repr(trial)
    assert "***" in replied.reason


def test_a_protocol_of_many_calls_is_shown_whole(lab: Project) -> None:
    with FakeOpenAI() as server:
        server.script(*[Canned(text="An opinion, of no use as scores.")] * 40)
        trial = tried(lab, server, kind="debate", repair=False)
    assert len(trial.calls) > 1
    assert len({call.label for call in trial.calls}) == len(trial.calls)


@pytest.mark.parametrize("kind", ["human", "recorded", "jury"])
def test_what_makes_no_calls_cannot_be_tried(lab: Project, kind: str) -> None:
    params = {
        "human": {"raters": 1},
        "recorded": {"judge": "x"},
        "jury": {"members": ["a", "b"]},
    }[kind]
    with pytest.raises(Conflict):
        trials.conduct(lab, kind=kind, params=params, material=trials.chosen(lab))


def test_a_kind_without_a_model_is_tried_too(lab: Project) -> None:
    trial = trials.conduct(lab, kind="surrogate", params={}, material=trials.chosen(lab))
    assert trial.preference
    assert trial.calls == []
