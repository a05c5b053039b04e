"""The judges that the machinery checks are made with: every kind that asks a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judges.kinds import registry
from judges.llm.judging import ModelJudge
from judges.red_team.attack import TASKS

KNOWN = [
    {"prompt": task.question, "answer": answer, "correct": correct}
    for task in TASKS
    for answer, correct in ((task.good, True), ("I do not know.", False))
]

NEEDED: Mapping[str, dict[str, Any]] = {
    "meta_ranking": {"references": KNOWN, "k": 1, "calibration": 2},
}
"""Params without which a kind cannot be built, beside the model."""

VARIANTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "llm, choice": ("llm", {"style": "choice", "allow_ties": False}),
    "llm, every part": (
        "llm",
        {"criteria": ["right", "short"], "each_criterion": True, "each_turn": True,
         "strength": True, "instructions": "Be fair.", "reason_language": "German"},
    ),
}  # fmt: skip
"""Settings that change what is asked, and so deserve a check of their own."""


def names() -> list[str]:
    """All kinds that ask a model, and the variants."""
    kinds = [name for name, kind in registry.items() if issubclass(kind, ModelJudge)]
    return [*kinds, *VARIANTS]


def build(name: str) -> ModelJudge:
    """The judge called so, without any endpoint."""
    kind, more = VARIANTS.get(name, (name, NEEDED.get(name, {})))
    judge = registry.build(kind, {"model": "scribe", "repair": False, **more})
    assert isinstance(judge, ModelJudge)
    return judge
