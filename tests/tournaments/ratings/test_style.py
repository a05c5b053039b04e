"""What counts as length, headers, lists and bold."""

from __future__ import annotations

import pytest

from tournaments.ratings.style import Look, differences, look_of

ANSWER = """# Title
Some **bold words** and __more__ of them; 2 * 3 ** 4.

- one
* two
  3. three
not - a list
####### not a header

```python
# a comment, not a header
- not a list
**not bold**
```
## End"""


def test_markdown_is_counted_outside_code_only() -> None:
    assert look_of(ANSWER) == Look(characters=len(ANSWER), headers=2, lists=3, bold=2)


def test_an_unclosed_block_hides_nothing() -> None:
    assert look_of("```\n# header\n").headers == 1


def test_hostile_text_takes_linear_time() -> None:
    assert look_of("**" * 200_000).bold >= 0
    assert look_of("```\n" * 100_001).characters == 400_004


def test_differences_follow_the_published_formulas() -> None:
    a, b = Look(800, 2, 0, 5), Look(200, 0, 0, 5)
    found = differences(a, b)
    assert found["characters"] == 600.0
    assert found["length"] == pytest.approx(0.6)
    density = 2 / 201
    assert found["headers"] == pytest.approx(density / (density + 1))
    assert found["lists"] == 0.0
    ours, theirs = 5 / 201, 5 / 51
    assert found["bold"] == pytest.approx((ours - theirs) / (ours + theirs + 1))
    assert differences(b, a) == pytest.approx({name: -value for name, value in found.items()})


def test_two_empty_answers_do_not_differ() -> None:
    assert set(differences(look_of(""), look_of("")).values()) == {0.0}
