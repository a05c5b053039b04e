"""A world of which everything that a rater must not see is marked: names, and large ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.test import Client

from arena.models import Comparison, Competitor, Output, Project, Prompt
from judges.models import Campaign, GoldQuestion
from judges.services import decisions
from tests import factories

COMPETITORS, OUTPUTS, COMPARISONS = 7_310_000, 8_420_000, 9_530_000
"""Ids begin here, so that one in a page would be seen."""
GOLD_IDS = 5_550_000

HTMX = {"HTTP_HX_REQUEST": "true"}


def pair(
    project: Project, number: int, first: list[str], second: list[str], **prompt: Any
) -> Comparison:
    """A marked comparison; its first output is the heron's, the second the egret's."""
    questions = [{"role": "user", "content": f"Question {turn}?"} for turn in range(len(first))]
    asked = Prompt.objects.create(
        project=project, key=f"zq-p{number}",
        **{"messages": questions, "reference": "The reference.", "metadata": {"m": "zq-meta"}}
        | prompt,
    )  # fmt: skip
    outputs = []
    for place, (name, turns) in enumerate((("zq-heron", first), ("zq-egret", second))):
        who, _ = Competitor.objects.get_or_create(
            id=COMPETITORS + place,
            defaults={"project": project, "name": name, "metadata": {"m": "zq-meta"}},
        )
        outputs.append(
            Output.objects.create(
                id=OUTPUTS + 2 * number + place, prompt=asked, competitor=who, turns=turns,
                tokens_out=6_640_001, latency_ms=6_640_002, cost_usd=6640.003,
                metrics={"zq-metric": 1.0}, metadata={"m": "zq-meta"},
            )
        )  # fmt: skip
    return Comparison.objects.create(
        id=COMPARISONS + number, prompt=asked, output_a=outputs[0], output_b=outputs[1]
    )


def wait_for_people(
    project: Project, comparisons: list[Comparison], raters: int = 1, **settings: Any
) -> Campaign:
    judge = factories.judge(project, "human", "people", raters=raters)
    decisions.ask(judge, [comparison.pk for comparison in comparisons])
    Campaign.objects.filter(judge=judge).update(**settings)
    return Campaign.objects.get(judge=judge)


def open_pairs(project: Project, count: int = 2, **settings: Any) -> Campaign:
    """A campaign with so many pairs; the texts say whose they are and what their number is."""
    made = [pair(project, n, [f"heron says {n}"], [f"egret says {n}"]) for n in range(count)]
    return wait_for_people(project, made, **settings)


def gold(campaign: Campaign, number: int, expected: str = "a", **more: Any) -> GoldQuestion:
    """A gold question. Its heron is the better one unless something else is expected."""
    project = campaign.judge.project
    shown = pair(project, number, [f"heron says {number}"], [f"egret says {number}"])
    return GoldQuestion.objects.create(
        id=GOLD_IDS + number, campaign=campaign, comparison=shown, expected=expected,
        **{"explanation": "zq-explanation"} | more,
    )  # fmt: skip


def tokens_on(response: HttpResponse) -> list[str]:
    """The tokens of the pairs in a page or reply, the one to judge first."""
    return re.findall(r'name="token" value="([^"]+)"', response.content.decode())


def token_on(response: HttpResponse) -> str:
    found = tokens_on(response)
    assert found, response.content.decode()
    return found[0]


def say(
    client: Client, campaign: Campaign, token: str, preference: str, **sent: Any
) -> HttpResponse:
    """Post an answer; what begins with HTTP_ is a header."""
    headers = {name: value for name, value in sent.items() if name.startswith("HTTP_")}
    form = {name: value for name, value in sent.items() if name not in headers}
    form = {"token": token, "preference": preference, **form}
    return client.post(f"/rate/{campaign.key}", form, **headers)


def everything_sent(response: HttpResponse) -> str:
    """Body, headers and cookies."""
    head = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return f"{response.content.decode()}\n{head}\n{response.cookies.output()}"


def leaks(sent: str) -> Iterator[str]:
    yield from re.findall(r"zq-\w+", sent)
    yield from re.findall(r"731000\d|842000\d|953000\d|664000\d|6640\.|555000\d", sent)
    yield from re.findall(r"(?i)\bgold\w*|warm.?up|is_gold", sent)
