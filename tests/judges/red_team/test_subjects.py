from __future__ import annotations

import pytest

from judges.kinds import registry
from judges.llm.judging import ModelJudge
from judges.red_team import subjects


@pytest.mark.parametrize("name", subjects.names())
def test_every_judge_can_be_built(name: str) -> None:
    assert isinstance(subjects.build(name), ModelJudge)


def test_every_kind_that_asks_a_model_is_there() -> None:
    kinds = {name for name, kind in registry.items() if issubclass(kind, ModelJudge)}
    assert kinds <= set(subjects.names())
    assert {"llm", "scoring", "debate"} <= kinds
