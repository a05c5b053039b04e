from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from judges.models import Judgment
from tests import factories
from tests.fakes.openai_server import Canned, FakeOpenAI

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lab() -> None:
    lab = factories.project()
    factories.field(lab, prompts=1, competitors=["ann", "ben"], text="\x1b[31m")


def run(*args: str) -> str:
    out = StringIO()
    call_command("arena_try_judge", "--project", "lab", "--judge", "stub", *args, stdout=out)
    return out.getvalue()


def define(base_url: str) -> None:
    from arena.models import Project

    factories.stub_judge(Project.objects.get(), base_url)


def test_prompt_reply_verdict_and_cost_are_printed() -> None:
    with FakeOpenAI(verdict="quality") as server:
        define(server.base_url)
        told = run("--prompt", "p0", "--a", "ben", "--b", "ann")
    head, verdict = "p0: ben (A) against ann (B)", "Verdict: first (ben)"
    for part in (head, "Question 0?", "json_schema", verdict, "1 calls", "price unknown"):
        assert part in told
    assert "\x1b[31m" not in told  # a terminal does not obey what an answer says
    assert not Judgment.objects.exists()


def test_the_order_can_be_turned() -> None:
    with FakeOpenAI(verdict="first") as server:
        define(server.base_url)
        said = json.loads(run("--a", "ann", "--b", "ben", "--order", "ba", "--json"))
    assert (said["first"], said["winner"], said["order"]) == ("ben", "ben", "ba")
    assert said["calls"][0]["messages"][0]["role"] == "system"


def test_a_fault_is_told_and_is_the_exit_status() -> None:
    with FakeOpenAI() as server:
        server.script(Canned(status=401, body={"error": {"message": "bad key"}}))
        define(server.base_url)
        with pytest.raises(CommandError, match="answered 401"):
            run()


def test_unknown_names_are_said() -> None:
    with pytest.raises(CommandError, match="no judge is called 'stub'"):
        run()
