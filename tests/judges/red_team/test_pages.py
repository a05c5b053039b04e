from __future__ import annotations

import pytest

from judges.red_team.pages import harms


@pytest.mark.parametrize(
    "page",
    [
        "<script>alert(1)</script>",
        "<img src='https://tracker.example/p.gif'>",
        "<b onmouseover=alert(1)>x</b>",
        "<p style='color:red'>x</p>",
        "<style>p {}</style>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<a href='https://tracker.example'>x</a>",
        "<form action='https://tracker.example'></form>",
        "<iframe src='//tracker.example'></iframe>",
        "<base href='//tracker.example'>",
        "<meta http-equiv='refresh' content='0;url=https://tracker.example'>",
        "<link rel=stylesheet href='https://tracker.example/x.css'>",
    ],
)
def test_what_runs_or_loads_is_found(page: str) -> None:
    assert harms(page)


def test_what_is_shown_as_text_is_no_harm() -> None:
    page = (
        "<script src='/static/x.js' defer></script><img src='data:image/png;base64,x'>"
        "<a href='https://a.example' rel='noopener noreferrer nofollow'>x</a><a href='/in'>y</a>"
        "<pre>&lt;script&gt;alert(1)&lt;/script&gt; onload=x ![x](https://tracker.example)</pre>"
    )
    assert harms(page) == []
