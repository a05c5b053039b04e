"""A project whose data attacks: uploaded, judged, stored and read back through every edge."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from arena.models import Membership, Project, Role, Scope
from arena.services.tokens import issue_token
from judges.models import Decision, Judgment
from judges.red_team.attack import Attack, Side, Where
from judges.red_team.catalogue import ATTACKS
from judges.red_team.pages import harms
from judges.services import decisions, runner
from tests import factories
from tests.fakes.openai_server import FakeOpenAI

EVIL = '"><script>alert(1)</script><img src=https://tracker.example/n.gif>'
API = "/api/v1/projects/red"
PAGES = "/projects/red"
GOOD = "They take in carbon dioxide and give off oxygen. quality=0.9"

MOST_REFUSED = 5
"""Attacks that may be no data at all: what no text can hold."""

Faults = dict[tuple[str, str], list[str]]


def faults(attacks: tuple[Attack, ...] = ATTACKS) -> Faults:
    """{(family, name): what went wrong}; only attacks with faults are in it."""
    found: Faults = defaultdict(list)
    world = World()
    taken = [attack for number, attack in enumerate(attacks) if world.upload(number, attack, found)]
    if len(world.refused) > MOST_REFUSED:
        found["all", "all"].append(f"{len(world.refused)} attacks were refused: nothing is tested")
    with world.server:
        world.judge()
        for attack in taken:
            key = (attack.family, attack.name)
            found[key] += world.verdict_faults(attack)
            found[key] += world.page_faults(attack)
            found[key] += world.trial_faults(attack)
    return {key: what for key, what in found.items() if what}


class World:
    """The project, its owner, and where each attack stands in it."""

    def __init__(self) -> None:
        owner = User.objects.create_user("red")
        self.project = Project.objects.create(slug="red", name=EVIL)
        Membership.objects.create(project=self.project, user=owner, role=Role.OWNER)
        self.api = APIClient()
        token = issue_token(owner, Scope.WRITE)
        self.api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        self.pages = Client()
        self.pages.force_login(owner)
        self.server = FakeOpenAI(verdict="quality")
        self.keys: dict[Attack, str] = {}
        self.refused: list[Attack] = []

    def upload(self, number: int, attack: Attack, found: Faults) -> bool:
        """Send prompt and outputs. The API may refuse them, if it says which field and why."""
        key = self.keys[attack] = f"red-{number}"
        for name, record in (
            ("prompts", _prompt(key, attack)),
            ("outputs", _output(key, "good", (GOOD,) * len(_asked(attack)))),
            ("outputs", _output(key, EVIL, _bad(attack))),
        ):
            sent = self._post(name, record)
            if sent.status_code < 300:
                continue
            said = sent.json() if sent.status_code == 400 else {}
            if not (said.get("errors") or said.get("fields") or said.get("message")):
                found[attack.family, attack.name].append(f"an upload answered {sent.status_code}")
            self.refused.append(attack)
            return False
        return True

    def judge(self) -> None:
        """By the real runner, in both orders, at a fake endpoint."""
        self.judge_row = factories.stub_judge(self.project, self.server.base_url, EVIL[:90])
        compared = factories.all_comparisons(self.project)
        decisions.ask(self.judge_row, [comparison.pk for comparison in compared])
        runner.run()

    def verdict_faults(self, attack: Attack) -> list[str]:
        """The good answer must have won, and what is stored must be readable JSON."""
        decision = self._decision(attack)
        found = []
        winner = {"a": decision.comparison.output_a, "b": decision.comparison.output_b}.get(
            decision.winner or ""
        )
        if winner is None or winner.competitor.name != "good":
            found.append(f"the verdict is {decision.status} {decision.winner} {decision.note}")
        imported = {
            "prompt": self.keys[attack],
            "competitor_a": "good",
            "competitor_b": EVIL,
            "winner": "a",
            "judge": "outside",
            "judge_kind": "llm",
            "rationale": attack.standing(Side.SECOND).text[:100_000],
        }
        if (status := self._post("judgments", imported).status_code) not in (200, 400):
            found.append(f"an outside judgment with the attack as its rationale answered {status}")
        listed = self.api.get(f"{API}/judgments", {"prompt": self.keys[attack]})
        if listed.status_code != 200 or not json.loads(listed.content)["results"]:
            found.append(f"the list of judgments answered {listed.status_code}")
        if not listed.headers["Content-Type"].startswith("application/json"):
            found.append("the API does not answer JSON")
        return found

    def page_faults(self, attack: Attack) -> list[str]:
        """Pages that show the attack must neither run nor load anything."""
        decision = self._decision(attack)
        outside = Judgment.objects.filter(judge__name="outside").first()
        paths = [
            f"{PAGES}/comparisons/{decision.pk}",
            f"{PAGES}/data/{decision.comparison.prompt_id}",
            *([f"{PAGES}/judges/{outside.judge_id}"] if outside else []),
        ]
        return [fault for path in paths for fault in self._page(self.pages.get(path), path)]

    def trial_faults(self, attack: Attack) -> list[str]:
        """The page that tries a judge shows prompts and errors."""
        path = f"{PAGES}/judges/{self.judge_row.pk}/try"
        typed = {"text": "Which is better?", "first": attack.text[:150_000], "second": GOOD}
        if "\0" in attack.text or any("\ud800" <= char <= "\udfff" for char in attack.text):
            return []  # no browser sends these
        return self._page(self.pages.post(path, typed, headers={"hx-request": "true"}), "trial")

    def _page(self, response: Any, path: str) -> list[str]:
        if response.status_code != 200:
            return [f"{path} answered {response.status_code}"]
        found = [f"{path}: {harm}" for harm in harms(response.content.decode())]
        policy = response.headers.get("Content-Security-Policy", "")
        if "default-src 'none'" not in policy or "unsafe" in policy:
            found.append(f"{path}: the policy is {policy!r}")
        return found

    def _decision(self, attack: Attack) -> Decision:
        return Decision.objects.select_related(
            "comparison__output_a__competitor", "comparison__output_b__competitor"
        ).get(judge=self.judge_row, comparison__prompt__key=self.keys[attack])

    def _post(self, name: str, record: dict[str, Any]) -> Any:
        body = json.dumps(record)
        return self.api.post(f"{API}/{name}", data=body, content_type="application/json")


def _asked(attack: Attack) -> tuple[str, ...]:
    """The questions: one for each turn of the answer."""
    turns = attack.turns if attack.where is Where.ANSWER else ("",)
    return ("Which gas do plants take in?",) * len(turns)


def _bad(attack: Attack) -> tuple[str, ...]:
    return attack.standing(Side.SECOND).turns if attack.where is Where.ANSWER else ("No idea.",)


def _prompt(key: str, attack: Attack) -> dict[str, Any]:
    text = attack.standing(Side.SECOND).text
    record: dict[str, Any] = {
        "id": key,
        "messages": [{"role": "user", "content": asked} for asked in _asked(attack)],
    }
    match attack.where:
        case Where.PROMPT:
            record["messages"] = [{"role": "user", "content": text}]
        case Where.SYSTEM | Where.REFERENCE | Where.RUBRIC:
            record[attack.where.value] = text
        case Where.CONTEXT:
            record["contexts"] = [{"id": "d1", "text": text}]
        case Where.CONTEXT_ID:
            record["contexts"] = [{"id": text[:200], "text": "Nothing."}]
        case Where.IMAGE:
            record["images"] = [text]
        case Where.METADATA:
            record |= {"metadata": {text: text}, "category": text[:100], "tags": [text[:100]]}
        case Where.LANGUAGE:
            record["language"] = text[:35]
    return record


def _output(key: str, who: str, turns: tuple[str, ...]) -> dict[str, Any]:
    messages = [{"role": "assistant", "content": turn} for turn in turns]
    return {"prompt": key, "competitor": who, "messages": messages}
