"""Small worlds for tests: projects with prompts, competitors, outputs and judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from arena.models import Comparison, Competitor, Output, Project, Prompt
from arena.services import comparisons
from judges.models import Endpoint, Judge, Speaker
from judges.services.judges import define
from tournaments.models import Tournament
from tournaments.services import advancing, lifecycle

NAMES = ("ann", "ben", "cat", "dan", "eve", "fay", "gus", "hal")


def project(slug: str = "lab") -> Project:
    return Project.objects.create(slug=slug, name=slug.capitalize())


def field(
    where: Project, *, prompts: int = 2, competitors: Sequence[str] = NAMES[:3], text: str = ""
) -> None:
    """Prompts p0, p1, ... answered by all competitors; the n-th one's answer has quality n."""
    people = [Competitor.objects.create(project=where, name=name) for name in competitors]
    for number in range(prompts):
        prompt = Prompt.objects.create(
            project=where,
            key=f"p{number}",
            messages=[{"role": "user", "content": f"Question {number}?"}],
            category="even" if number % 2 == 0 else "odd",
        )
        Output.objects.bulk_create(
            Output(prompt=prompt, competitor=who, turns=[f"{text}Answer. quality={place}"])
            for place, who in enumerate(people)
        )


def speakers(where: Project, competitors: Sequence[str] = NAMES[:2]) -> None:
    """Let these competitors take part in live battles; their endpoint answers nobody."""
    endpoint = Endpoint.objects.create(
        project=where, name="nowhere", base_url="http://127.0.0.1:9/v1"
    )
    for name in competitors:
        who = Competitor.objects.create(project=where, name=name)
        Speaker.objects.create(competitor=who, endpoint=endpoint, model=f"model-{name}")


def all_comparisons(where: Project) -> list[Comparison]:
    """One comparison for every pair of outputs on every prompt."""
    for prompt in where.prompts.all():
        ids = list(prompt.outputs.order_by("pk").values_list("pk", flat=True))
        comparisons.ensure((a, b) for a in ids for b in ids if a < b)
    return list(Comparison.objects.filter(prompt__project=where).order_by("pk"))


def judge(where: Project, kind: str, name: str = "", **params: Any) -> Judge:
    return define(project=where, name=name or kind, kind=kind, params=params)


def stub_judge(where: Project, base_url: str, name: str = "stub", **params: Any) -> Judge:
    """An LLM judge at a fake endpoint."""
    return judge(where, "llm", name, model="fake", base_url=base_url, **params)


def tournament(where: Project, by: Judge, format: str = "round_robin", **more: Any) -> Tournament:
    return lifecycle.create(project=where, name="cup", format=format, judges=[by.name], **more)


def started(where: Project, by: Judge, format: str = "round_robin", **more: Any) -> Tournament:
    """One whose first matches are asked for."""
    cup = tournament(where, by, format, **more)
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    cup.refresh_from_db()
    return cup
