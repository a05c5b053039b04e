from __future__ import annotations

from arena.common.visible import visible


def test_what_cannot_be_seen_is_named() -> None:
    assert visible("a\u202eb\x00\x1b[2J\u2060") == "a⟨U+202E⟩b⟨U+0000⟩⟨U+001B⟩[2J⟨U+2060⟩"
    assert visible("\ud800") == "⟨U+D800⟩"


def test_ordinary_text_stays() -> None:
    text = "Zwölf\n\tBoxkämpfer שלום مرحبا 你好 👍 e\u0301"
    assert visible(text) == text
