from __future__ import annotations

import numpy as np
import pytest

from judges.stats.bootstrap import PromptBootstrap
from judges.stats.family import family_of, family_preference
from judges.stats.verdicts import TIE, A, B


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("gpt-4o-mini", "gpt"),
        ("GPT-4", "gpt"),
        ("openai/gpt-4o", "gpt"),
        ("chatgpt-4o-latest", "gpt"),
        ("o1", "gpt"),
        ("o3-mini", "gpt"),
        ("text-davinci-003", "gpt"),
        ("claude-v1", "claude"),
        ("anthropic/claude-3.5-sonnet", "claude"),
        ("bard", "gemini"),
        ("Gemma-4-12B-it", "gemini"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama"),
        ("llama2-7b", "llama"),
        ("Qwen2.5-32B-Instruct", "qwen"),
        ("vicuna-13b", "vicuna"),
        ("phi-3", "phi"),
        ("philosopher", None),
        ("o1ive", None),
        ("yield-model", None),
        ("my-gpt-4", None),
        ("our system, version 2", None),
        ("", None),
        ("/", None),
    ],
)
def test_families_by_the_beginning_of_the_name(name, family):
    assert family_of(name) == family


def preference(own_side, verdicts, others):
    n = len(verdicts)
    return family_preference(
        PromptBootstrap(n), np.arange(n), np.asarray(own_side, dtype=np.int8),
        np.asarray(verdicts, dtype=np.int8), np.asarray(others, dtype=float),
    )  # fmt: skip


def test_what_the_others_do_as_well_is_no_bias():
    found = preference([1, -1, 1, -1], [A, B, A, A], [1, 0, 1, 1])

    assert found.own.value == found.theirs.value == 0.75
    assert found.beyond.value == 0


def test_own_family_against_better_knowledge():
    found = preference([1, 1, -1, -1] * 10, [A, A, B, B] * 10, [0, 1, 1, 0] * 10)

    assert (found.own.value, found.theirs.value, found.beyond.value) == (1.0, 0.5, 0.5)
    assert found.beyond.low > 0


def test_meetings_inside_and_outside_the_family_do_not_count():
    found = preference([0, 0, 1], [A, A, A], [0, 0, 1])

    assert found.beyond.n == 1


def test_a_judge_that_ties_much_does_not_seem_biased():
    """Its family is the worse one, and the others know it; its ties must not draw it upwards."""
    found = preference([1] * 8, [TIE] * 6 + [B, B], [0] * 8)

    assert (found.beyond.value, found.beyond.n) == (0.0, 2)


def test_without_judges_of_other_families_nothing_is_known():
    found = preference([1, -1], [A, B], [np.nan, np.nan])

    assert found.own is found.theirs is found.beyond is None
