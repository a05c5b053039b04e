from __future__ import annotations

import asyncio

from judges.llm.params import ModelParams
from judges.red_team.scribe import Scribe, filled


def test_it_keeps_what_it_is_asked_and_says_what_it_is_told() -> None:
    scribe = Scribe(ModelParams(model="m"), lambda schema: f"said {schema}")
    messages = [{"role": "user", "content": "?"}]
    asked = asyncio.run(scribe.ask(messages, {"type": "string"}))
    assert asked.reply.text == "said {'type': 'string'}"
    assert scribe.seen == [messages]


def test_schemas_are_filled_with_quotations_and_its_own_choice() -> None:
    schema = {
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "verdict": {"type": "string", "enum": ["A", "B"]},
            "other": {"enum": ["x", "y"]},
            "score": {"type": "integer", "minimum": 3},
            "sure": {"type": "boolean"},
            "list": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "ranking": {"type": "array", "items": {"type": "array", "items": {"enum": [1, 2]}}},
            "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    assert filled(schema, "q", "B") == {
        "reason": "q", "verdict": "B", "other": "x", "score": 3, "sure": True,
        "list": ["q", "q"], "ranking": [[1, 2]], "either": "q",
    }  # fmt: skip
