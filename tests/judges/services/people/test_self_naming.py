"""Answers that tell who wrote them, and answers that only speak of others."""

from __future__ import annotations

import pytest

from judges.services.people.self_naming import named_in

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "text",
    [
        "As ChatGPT, I cannot do that.",
        "I am a model trained by OPENAI.",
        "Made with GPT-4o-mini.",
        "This is gpt 4 speaking",
        "Chat**GPT** here",
        "Chat\u200bGPT here",
        "ＣｈａｔＧＰＴです",
        "我是ChatGPT，由OpenAI训练。",
        "我是通义千问，由阿里云研发。",
        "私はQwenです。",
        "Я — YandexGPT, модель Яндекса.",
        "Hello! I'm Claude, an AI assistant.",
        "hello, i am claude",
        "I was trained by google to help.",
        "Ich bin ein Sprachmodell, entwickelt von Google.",
        "Soy un modelo de lenguaje entrenado por Google, y mi nombre es Gemini.",
        "Je suis Mistral.",
        "As an assistant by Meta I do not know.",
    ],
)
def test_names_of_models_and_makers_give_away(text: str) -> None:
    assert named_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "I think an apple a day helps.",
        "Claude Monet painted water lilies.",
        "Search for it with Google.",
        "My meta-analysis covers nine trials.",
        "Gemini is a constellation. It lies beside Orion.",
        "I read that a falcon is the fastest bird.",
        "The opening of the play.",
        "Leave it open. AI will not mind; meta. AI.",
        "The llama and the alpaca are cousins.",
        "An ogre grokked me.",
        "",
    ],
)
def test_other_texts_do_not(text: str) -> None:
    assert named_in(text) == ""


def test_names_of_the_project_are_found_whole_and_in_any_script() -> None:
    names = ["zq-heron", "acme/lab-7b", "Ёж", "鹭鸟", "ab"]
    assert named_in("It was ZQ Heron who said so.", names) == "ZQ Heron"
    assert named_in("Served by Lab-7B today.", names) == "Lab-7B"
    assert named_in("这里是鹭鸟。", [*names, "鹭鸟一"]) == ""  # two letters are too few to tell
    assert named_in("这里是鹭鸟一号", [*names, "鹭鸟一"]) == "鹭鸟一"
    assert named_in("A herons' nest; slab-7b; lab-7bis; zq-herons", names) == ""


def test_a_competitor_called_by_a_plain_word_is_named_only_by_itself() -> None:
    assert named_in("I will keep it short.", ["short"]) == ""
    assert named_in("I am short, the terse one.", ["short"]) == "short"


def test_hostile_texts_take_no_time() -> None:
    text = "I " + "_-*" * 30_000 + "GP" * 30_000
    assert named_in(text, ["a-b-c-d-e-f-" * 10]) == ""
