from __future__ import annotations

from judges.models import Judge
from judges.services.families import family_of_judge


def test_families_of_judges() -> None:
    assert family_of_judge(Judge(name="x", params={"model": "qwen2.5-7b"})) == "qwen"
    assert family_of_judge(Judge(name="x", params={"judge": "claude-v1"})) == "claude"
    assert family_of_judge(Judge(name="gpt-4 strict", params={"model": "deployment7"})) == "gpt"
    assert family_of_judge(Judge(name="x", params={"family": "mine", "model": "gpt-4"})) == "mine"
    assert family_of_judge(Judge(name="general", params={"name": "general"})) is None
