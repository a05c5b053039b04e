from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.llm.templating import FOLDER, load, names, parse

KNOWN = {"first", "second", "note"}


def rendered(text: str, **values: str) -> list[dict[str, str]]:
    return parse("t", text, KNOWN, ()).render(values)


def test_roles_split_the_text_into_messages() -> None:
    text = "=== system ===\nBe fair.\n=== user ===\n{{first}} or {{second}}?\n"
    assert rendered(text, first="x", second="y") == [
        {"role": "system", "content": "Be fair."},
        {"role": "user", "content": "x or y?"},
    ]


def test_text_without_roles_is_one_user_message() -> None:
    assert rendered("Say {{first}}.", first="x") == [{"role": "user", "content": "Say x."}]


def test_a_message_without_content_is_left_out() -> None:
    text = "=== system ===\n{{note}}\n=== user ===\n{{first}}\n"
    assert [m["role"] for m in rendered(text, first="x")] == ["user"]


def test_a_section_stays_only_when_its_value_is_not_empty() -> None:
    text = "a\n{{#note}}\nNote: {{note}}\n{{/note}}\nb\n"
    assert rendered(text)[0]["content"] == "a\nb"
    assert rendered(text, note="n")[0]["content"] == "a\nNote: n\nb"


def test_sections_nest() -> None:
    text = "{{#first}}1{{#second}}2{{/second}}{{/first}}0"
    assert rendered(text, second="x")[0]["content"] == "0"
    assert rendered(text, first="x")[0]["content"] == "10"
    assert rendered(text, first="x", second="x")[0]["content"] == "120"


@given(st.text(alphabet="{}#/firstecond\n= system", max_size=60), st.text(max_size=40))
def test_values_are_never_expanded_again(first: str, second: str) -> None:
    (message,) = rendered("[{{first}}|{{second}}]", first=first, second=second)
    assert message["content"] == f"[{first}|{second}]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{frist}} {{second}}\n", "unknown placeholder 'frist'"),
        ("{{first}}\n", "never shows {{second}}"),
        ("{{#second}}{{first}}{{/second}}\n", "never shows {{second}}"),
        ("{{first}} {{second}} {{#note}}\n", "{{#note}} is never closed"),
        ("{{first}} {{second}} {{/note}}\n", "{{/note}} closes a section that is not open"),
    ],
)
def test_a_faulty_template_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("{", r"\{")):
        load(text, KNOWN, {"first", "second"})


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"there are: .*pairwise_v1"):
        load("../templates/pairwise_v1", KNOWN, ())


def test_the_hash_is_that_of_the_text() -> None:
    one, other = load("a {{first}}\n", KNOWN, ()), load("b {{first}}\n", KNOWN, ())
    assert one.name == "custom"
    assert one.sha256 != other.sha256


def test_the_templates_that_come_with_arena_are_files() -> None:
    assert names() == sorted(path.stem for path in FOLDER.iterdir())
