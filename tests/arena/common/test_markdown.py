"""Hostile Markdown: nothing runs, loads or takes long, and honest text looks right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.core.cache import cache
from django.utils.safestring import SafeString
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.common import markdown
from arena.common.markdown import render

Attributes = dict[str, str | None]


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class Collector(HTMLParser):
    """What a browser would make of it: the elements with their attributes, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def parse(text: str) -> Collector:
    collector = Collector()
    collector.feed(render(text))
    collector.close()
    return collector


def tags(text: str) -> set[str]:
    return {tag for tag, _ in parse(text).elements}


def attributes(text: str, tag: str) -> list[Attributes]:
    return [found for name, found in parse(text).elements if name == tag]


# --- What must not get through -------------------------------------------------------------------

ALLOWED = markdown._TAGS | markdown._MATH_TAGS


def assert_harmless(text: str) -> None:
    for tag, found in parse(text).elements:
        assert tag in ALLOWED
        names = set(found)
        assert not names & {"style", "id", "src", "srcset", "title", "name", "background"}
        assert not any(name.startswith("on") for name in names)
        assert "href" not in names or tag == "a"
        assert "class" not in names or tag == "code"
        if "href" in names:
            assert str(found["href"]).split(":")[0] in ("http", "https", "mailto")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><a href='javascript:alert(1)'>x</a></svg>",
        "<style>body{display:none}</style>",
        "<iframe srcdoc='<script>1</script>'></iframe>",
        "<p style='position:fixed' onclick='x()' id='content'>x</p>",
        "<math><a href='javascript:alert(1)'>x</a></math>",
        "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<!-- x --!><img src=x onerror=alert(1)>",
        "<a href=java&#115;cript:alert(1)>x</a>",
        '<form action="/sign-out"><button>Vote for A</button></form>',
        "<base href=//evil.example>",
        '<meta http-equiv=refresh content="0;url=//evil.example">',
    ],
)
def test_raw_html_is_shown_as_text(text: str) -> None:
    assert_harmless(text)
    assert tags(text) <= {"p", "br"}
    assert "<" in parse(text).text


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#10;script:alert(1)",
        "&#x6A;avascript:alert(1)",
        "vbscript:x",
        "data:text/html,<script>alert(1)</script>",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "file:///etc/passwd",
        "ftp://a.example/x",
        "//evil.example/x",
        "/sign-out",
        "#content",
    ],
)
def test_a_link_leads_only_to_the_web_or_to_mail(address: str) -> None:
    for text in (f"[x]({address})", f"[x](<{address}>)", f"[x]\n\n[x]: {address}", f"<{address}>"):
        assert_harmless(text)
        assert all("href" not in found for found in attributes(text, "a"))


@pytest.mark.parametrize(
    "address", ["https://a.example/?q=1&r=2", "http://a.example", "mailto:a@b.example"]
)
def test_a_good_link_is_kept_apart_from_our_page(address: str) -> None:
    (link,) = attributes(f'[x]({address} "a title")', "a")
    assert link == {
        "href": address,
        "target": "_blank",
        "rel": "noopener noreferrer nofollow",
    }


@pytest.mark.parametrize(
    "text",
    [
        "![a cat](https://tracker.example/p.gif?user=1)",
        "![a cat][1]\n\n[1]: https://tracker.example/p.gif?user=1",
        "[![a cat](https://tracker.example/p.gif?user=1)](https://a.example)",
    ],
)
def test_an_image_is_told_and_not_fetched(text: str) -> None:
    assert tags(text).isdisjoint({"img", "image", "picture", "svg"})
    assert "a cat" in parse(text).text
    assert "https://tracker.example/p.gif?user=1" in parse(text).text


def test_the_address_of_an_image_is_shortened() -> None:
    shown = parse("![x](data:image/png;base64," + "A" * 5000 + ")").text
    assert len(shown) < 300


@pytest.mark.parametrize(
    "latex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\class{brand}{x}",
        r"\style{position:fixed;inset:0}{x}",
        r"\text{</mtext></math><img src=x onerror=alert(1)>}",
        r"\text{<annotation-xml encoding='text/html'><script>x</script></annotation-xml>}",
        r"\unicode{x3c}\unicode{x73}",
        r"\color{url(https://evil.example)}{x}",
        r"\operatorname{<script>}",
        r"\verb|<script>alert(1)</script>|",
    ],
)
def test_a_formula_brings_no_markup_of_its_own(latex: str) -> None:
    for text in (f"${latex}$", f"$$\n{latex}\n$$", rf"\({latex}\)", rf"\[{latex}\]"):
        assert_harmless(text)
        assert "mathcolor" not in render(text)
        assert "mathbackground" not in render(text)


@pytest.mark.parametrize("latex", [r"\rule{99em}{99em}", r"\hspace{-99em}x", r"\raise{50em}{x}"])
def test_a_formula_cannot_paint_over_the_page(latex: str) -> None:
    assert "9em" not in render(f"${latex}$")
    assert "50em" not in render(f"${latex}$")


def test_a_small_space_in_a_formula_is_kept() -> None:
    assert 'width="1.5em"' in render(r"$a \hspace{1.5em} b$")


@pytest.mark.parametrize(
    "control", ["\u202e", "\u202a", "\u2066", "\x00", "\x1b", "\x9b", "\ud800", "\uffff"]
)
def test_characters_that_are_not_text_are_made_visible(control: str) -> None:
    assert parse(f"a{control}b").text.strip() == "a\ufffdb"
    reference = parse(f"a&#{ord(control)};b").text
    assert control not in reference


def test_direction_marks_of_honest_text_stay() -> None:
    assert "\u200f" in render("שלום\u200f!")


def test_a_language_of_code_is_a_plain_word_or_nothing() -> None:
    assert attributes("```c++\nx\n```", "code") == [{"class": "language-c++"}]
    assert attributes('```x"onclick="y\nz\n```', "code") == [{}]
    assert attributes("```" + "x" * 100 + "\nz\n```", "code") == [{}]


HOSTILE = st.text(
    st.one_of(
        st.sampled_from("<>&\"'`*_[]()!#|\\$~-=:/ \n\tax1{}^\u202e\x00\ud800"),
        st.characters(),
    ),
    max_size=300,
)
PIECES = [
    "<svg ", "onload=x ", "](", "javascript:", "![", "$", "$$", r"\(", r"\)", r"\[", r"\]", "}",
    r"\href{", r"\text{", "<", ">", "`", "```", "- ", "x", "**", "&#x202e;", "https://a.example",
    "<!--", "</math>", "<mtext>", "[a]: data:x", "|", "\n", "\n\n",
]  # fmt: skip
FRAGMENTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(max_examples=150, deadline=None)
@given(st.one_of(HOSTILE, FRAGMENTS))
def test_no_text_breaks_out(text: str) -> None:
    assert_harmless(text)


# --- What must be shown --------------------------------------------------------------------------


def test_the_result_is_safe_for_templates() -> None:
    assert isinstance(render("x"), SafeString)
    assert render("") == ""


def test_the_usual_marks() -> None:
    html = render("**b** *i* ~~gone~~ `code`\n\n> quote\n\n3. three\n4. four\n\n---")
    for element in ("<strong>b</strong>", "<em>i</em>", "<s>gone</s>", "<code>code</code>"):
        assert element in html
    assert "<blockquote>" in html
    assert '<ol start="3">' in html
    assert "<hr>" in html


def test_headings_stand_below_those_of_the_page() -> None:
    html = render("# one\n\n## two\n\n##### five")
    assert "<h3>one</h3>" in html
    assert "<h4>two</h4>" in html
    assert "<h6>five</h6>" in html


def test_a_line_break_of_the_text_is_one_on_the_page() -> None:
    assert "<br>" in render("Roses are red,\nviolets are blue.")


def test_a_table_is_aligned_without_styles() -> None:
    text = "| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |"
    assert attributes(text, "td") == [{"align": "left"}, {"align": "center"}, {"align": "right"}]
    assert "style" not in render(text)


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("so $x^2$ grows", "inline"),
        (r"so \(x^2\) grows", "inline"),
        ("$$x^2$$", "block"),
        ("see\n$$\nx^2\n$$\nabove", "block"),
        (r"see \[ x^2 \] above", "block"),
        ("- item\n  \\[\n  x^2\n  \\]", "block"),
        ("> $$\n> x^2\n> $$", "block"),
    ],
)
def test_formulas_become_mathml(text: str, display: str) -> None:
    assert attributes(text, "math")[0]["display"] == display
    assert "<msup>" in render(text)
    assert "$" not in parse(text).text


def test_a_line_that_opens_with_plus_does_not_break_a_formula() -> None:
    text = "\\[\na\n+ b\n- c\n\\]"
    assert len(attributes(text, "math")) == 1
    assert "ul" not in tags(text)


def test_two_display_formulas_in_one_line() -> None:
    assert len(attributes("$$x$$ and $$y$$", "math")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5, not $10.",
        "from $5 to $6",
        r"\$x\$",
        "`$x$`",
        "```\n$x$\n```",
        "$$ open",
        "a $ b $ c",
    ],
)
def test_prices_and_code_are_no_formulas(text: str) -> None:
    assert "math" not in tags(text)


@pytest.mark.parametrize("formula", [r"\frac{1}{", r"\def\x{y}\x", "x" * 2001])
def test_a_formula_that_cannot_be_set_is_shown_as_written(formula: str) -> None:
    assert parse(f"${formula}$").text.strip() == f"${formula}$"
    assert "code" in tags(f"${formula}$")


def test_what_is_nested_too_deeply_is_shown_whole_as_plain_text() -> None:
    text = ">" * 500 + "the end"
    assert parse(text).text == text
    assert tags(text) == {"pre"}


# --- What must not take long ---------------------------------------------------------------------

SIZE = 3_000_000
REPEATED = ["a", "*", "_", "`", "[", "![", "<", "&", "\\", "$", "$$", r"\(", r"\[", "|", ">", "- "]
REPEATED += [
    "~",
    "\n",
    "[a](",
    "*a_ ",
    "- $$x\n",
    "\\[x\n# h\n",
    "$x$ ",
    "a\u0301",
    "\u202e",
    "\x00",
    "\ud800",
]


@pytest.mark.parametrize("piece", REPEATED)
def test_megabytes_of_one_thing_are_bounded(piece: str) -> None:
    text = piece * (SIZE // len(piece))
    start = time.thread_time()
    html = render(text)
    assert time.thread_time() - start < 2 * markdown.MAX_SECONDS
    assert len(html) < 30 * markdown.MAX_CHARS


def test_a_wide_table_with_short_rows_is_bounded() -> None:
    text = "|" + "a|" * 1000 + "\n|" + "-|" * 1000 + "\n" + "|a\n" * 60_000
    start = time.thread_time()
    render(text)
    assert time.thread_time() - start < 2 * markdown.MAX_SECONDS


def test_a_long_text_is_cut_with_a_note() -> None:
    html = render("word " * 100_000)
    assert html.endswith("the first 200,000 of 500,000 characters are shown.</p>")
    assert "Cut for display" not in render("word " * 1_000)


def test_a_text_that_takes_too_long_is_shown_as_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "MAX_SECONDS", -1.0)
    assert render("**x** <b>") == '<pre tabindex="0">**x** &lt;b&gt;</pre>'


# --- The cache -----------------------------------------------------------------------------------


def test_a_text_is_parsed_once() -> None:
    text = "[" * 20_000
    render(text)
    start = time.thread_time()
    again = render(text)
    assert time.thread_time() - start < 0.01
    assert isinstance(again, SafeString)


def test_a_large_result_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "MAX_CACHED_CHARS", 10)
    render("a text that is longer")
    monkeypatch.setattr(markdown, "MAX_SECONDS", -1.0)
    assert render("a text that is longer").startswith("<pre ")


def test_texts_that_differ_only_beyond_the_cut_are_told_apart() -> None:
    assert render("a" * 200_001) != render("a" * 200_002)
