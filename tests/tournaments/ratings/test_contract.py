"""What every rating method promises, whatever it is called."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from arena.common.errors import InvalidInput
from tests.tournaments.ratings.worlds import Row, comparisons, drawn_rows, with_all_columns
from tournaments.ratings import registry
from tournaments.ratings.base import Comparisons, RatingRow, RatingTable

each_method = pytest.mark.parametrize("name", registry.names())

FIELD = drawn_rows([-0.8, -0.2, 0.1, 0.9], prompts=12, seed=5)

IRREGULAR: dict[str, list[Row]] = {
    "two groups that never met": [
        *(("a", "b", s, p) for p, s in enumerate((1.0, 0.0, 1.0))),
        *(("c", "d", s, p) for p, s in enumerate((1.0, 0.5, 0.0))),
    ],
    "one undefeated": [*FIELD, *(("top", f"c{i}", 1.0, p) for p in range(12) for i in range(4))],
    "one winless": [*FIELD, *(("low", f"c{i}", 0.0, p) for p in range(12) for i in range(4))],
    "a bridge one way": [
        *(("a", "b", s, p) for p, s in enumerate((1.0, 0.0, 1.0))),
        *(("c", "d", s, p) for p, s in enumerate((1.0, 0.0, 0.0))),
        ("a", "c", 1.0, 1),
    ],
    "a strict order": [
        (*pair, 1.0, p) for p in range(8) for pair in (("a", "b"), ("b", "c"), ("a", "c"))
    ],
    "only ties": [(*pair, 0.5, p) for p in range(5) for pair in (("a", "b"), ("b", "c"))],
    "one match": [("a", "b", 1.0, 0)],
    "one tie": [("a", "b", 0.5, 0)],
    "one prompt": drawn_rows([0.0, 0.3, 0.6], prompts=1),
    "one prompt for one of them": [*FIELD, ("c0", "rare", 1.0, 0), ("c1", "rare", 0.0, 0)],
    "every prompt the same": [row for p in range(6) for row in
                              (("a", "b", 1.0, p), ("b", "c", 1.0, p), ("c", "a", 1.0, p))],
}  # fmt: skip


PER_CENT = ("win_rate", "length_controlled")
REPEATABLE = tuple(name for name in registry.names() if name != "elo")

each_weighing = pytest.mark.parametrize("name", REPEATABLE)


def middle(name: str) -> float:
    """The rating of a competitor like all others."""
    return 50.0 if name in PER_CENT else 1000.0


def rate(name: str, data: Comparisons, **params: object) -> RatingTable:
    """Columns that the rows do not have say nothing: no lengths differ, all is trusted."""
    n = len(data.a)
    if data.surrogate is None:
        data = replace(data, surrogate=np.zeros(n, dtype=bool))
    if not data.covariates:
        data = replace(data, covariates={"characters": np.zeros(n)})
    return registry.build(name, params).rate(data)


def warnings(table: RatingTable) -> tuple[str, ...]:
    """Those that all methods share."""
    own = ("No predictions stand", "Competitors met different")
    few = "trusted verdicts"
    return tuple(w for w in table.warnings if not w.startswith(own) and few not in w)


def rows_by_name(table: RatingTable) -> dict[str, RatingRow]:
    return {row.competitor: row for row in table.rows}


def rating(table: RatingTable, competitor: str) -> float:
    found = rows_by_name(table)[competitor].rating
    assert found is not None
    return found


@each_method
@pytest.mark.parametrize("case", IRREGULAR)
def test_irregular_data_give_finite_ratings_and_honest_intervals(name: str, case: str) -> None:
    table = rate(name, comparisons(IRREGULAR[case]))
    for row in table.rows:
        assert row.rating is not None
        assert row.ci_low is not None
        assert row.ci_high is not None
        assert row.rank is not None
        assert row.rank_low is not None
        assert row.rank_high is not None
        assert math.isfinite(row.ci_low)
        assert math.isfinite(row.ci_high)
        assert row.ci_low <= row.rating <= row.ci_high
        assert row.ci_high - row.ci_low > (0.1 if name in PER_CENT else 1.0)
        assert 1 <= row.rank_low <= row.rank <= row.rank_high <= len(table.rows)
        assert row.wins + row.losses + row.ties == row.comparisons > 0
    assert table.converged
    if name != "win_rate":  # whose mean depends on who met whom
        assert np.mean([row.rating for row in table.rows]) == pytest.approx(middle(name))
    assert table.n_comparisons == len(IRREGULAR[case])
    assert sum(row.comparisons for row in table.rows) == 2 * table.n_comparisons


@each_method
def test_regular_data_give_no_warning(name: str) -> None:
    table = rate(name, comparisons(FIELD))
    assert warnings(table) == ()
    assert {row.note for row in table.rows} == {""}
    assert table.components == (("c0", "c1", "c2", "c3"),)
    assert table.n_prompts == 12


@each_method
def test_rows_come_best_first_and_the_order_is_found(name: str) -> None:
    table = rate(name, comparisons(drawn_rows([-1.0, 0.0, 1.0, 2.0], prompts=60)))
    assert [row.competitor for row in table.rows] == ["c3", "c2", "c1", "c0"]
    assert [row.rank for row in table.rows] == [1, 2, 3, 4]
    assert [(row.rank_low, row.rank_high) for row in table.rows] == [(i, i) for i in range(1, 5)]


@each_method
def test_how_the_data_are_written_down_does_not_matter(name: str) -> None:
    data = comparisons(FIELD)
    rng = np.random.default_rng(0)
    relabel, rows = rng.permutation(4), rng.permutation(len(FIELD))
    turned = rng.random(len(FIELD)) < 0.5
    a, b = relabel[data.a[rows]], relabel[data.b[rows]]
    rewritten = Comparisons(
        competitors=tuple(data.competitors[i] for i in np.argsort(relabel)),
        a=np.where(turned, b, a),
        b=np.where(turned, a, b),
        score=np.where(turned, 1.0 - data.score[rows], data.score[rows]),
        prompt=data.prompt[rows],
    )
    assert rate(name, rewritten) == rate(name, data)


@each_method
def test_opposite_results_give_the_mirror_image(name: str) -> None:
    data = comparisons(FIELD)
    table = rows_by_name(rate(name, data))
    mirror = rows_by_name(rate(name, replace(data, score=1.0 - data.score)))
    for competitor, row in table.items():
        other = mirror[competitor]
        assert row.rating is not None
        assert row.rank is not None
        both = 2 * middle(name)
        assert other.rating == pytest.approx(both - row.rating, abs=1e-6)
        assert other.ci_low == pytest.approx(both - (row.ci_high or 0.0), abs=1e-3)
        assert other.rank == 5 - row.rank
        assert (other.wins, other.losses, other.ties) == (row.losses, row.wins, row.ties)


@each_method
def test_a_better_result_never_lowers_a_rating(name: str) -> None:
    before = rate(name, comparisons(FIELD))
    for i in range(0, len(FIELD), 5):
        a, b, score, prompt = FIELD[i]
        better = [*FIELD[:i], (a, b, min(1.0, score + 0.5), prompt), *FIELD[i + 1 :]]
        after = rate(name, comparisons(better))
        assert rating(after, a) >= rating(before, a)
        assert rating(after, b) <= rating(before, b)


@each_method
def test_the_hash_tells_data_apart(name: str) -> None:
    a, b, _, prompt = FIELD[0]
    variants = [
        FIELD,
        [(a, b, 0.5, prompt), *FIELD[1:]],
        [(a, b, 1.0, prompt), *FIELD[1:]],
        [(a, b, 0.0, prompt), *FIELD[1:]],
        [*FIELD[1:], (*FIELD[0][:3], prompt + 1)],
        FIELD[1:],
    ]
    hashes = {rate(name, comparisons(rows)).data_hash for rows in variants}
    hashes.add(rate(name, comparisons(FIELD, names=("c0", "c1", "c2", "c3", "x"))).data_hash)
    assert len(hashes) == 6  # one of the three scores is the score of FIELD[0]
    assert {len(digest) for digest in hashes} == {64}


@each_method
def test_comparisons_on_one_prompt_count_as_one_observation(name: str) -> None:
    """Every game five times over adds no prompt, so it must not narrow the intervals."""
    rows = drawn_rows([-0.5, 0.0, 0.5], prompts=40)
    once, five_times = (rate(name, comparisons(r)) for r in (rows, rows * 5))
    for row in once.rows:
        same = rows_by_name(five_times)[row.competitor]
        assert row.ci_low is not None
        assert row.ci_high is not None
        assert same.ci_low is not None
        assert same.ci_high is not None
        assert same.ci_high - same.ci_low > 0.9 * (row.ci_high - row.ci_low)


@each_method
def test_two_groups_are_named(name: str) -> None:
    table = rate(name, comparisons(IRREGULAR["two groups that never met"]))
    assert table.components == (("a", "b"), ("c", "d"))
    assert "2 groups that never met: (a, b), (c, d)" in warnings(table)[0]


@each_method
def test_the_undefeated_and_the_winless_are_flagged(name: str) -> None:
    top = rate(name, comparisons(IRREGULAR["one undefeated"]))
    low = rate(name, comparisons(IRREGULAR["one winless"]))
    assert top.rows[0].competitor == "top"
    assert top.rows[0].note.startswith("one-sided: the upper end rests on")
    assert any(w.startswith("top won every game: one-sided, the upper") for w in top.warnings)
    assert low.rows[-1].competitor == "low"
    assert low.rows[-1].note.startswith("one-sided: the lower end rests on")
    assert any(w.startswith("low lost every game: one-sided, the lower") for w in low.warnings)


@each_method
def test_results_that_run_one_way_are_named(name: str) -> None:
    table = rate(name, comparisons(IRREGULAR["a bridge one way"]))
    (warning,) = (w for w in table.warnings if "all results run one way" in w)
    assert warning.endswith("(a, b), (c, d).")
    assert table.components == (("a", "b", "c", "d"),)


@each_method
@pytest.mark.parametrize("case", ["only ties", "one tie"])
def test_equal_results_share_rank_1_and_are_uncertain(name: str, case: str) -> None:
    table = rate(name, comparisons(IRREGULAR[case]))
    assert [row.rating for row in table.rows] == pytest.approx([middle(name)] * len(table.rows))
    assert {(row.rank, row.rank_low, row.rank_high) for row in table.rows} == {
        (1, 1, len(table.rows))
    }


@each_method
@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("one prompt", "All comparisons are on one prompt"),
        ("every prompt the same", "There are only 6 prompts"),
    ],
)
def test_few_prompts_are_pointed_out(name: str, case: str, said: str) -> None:
    warned = warnings(rate(name, comparisons(IRREGULAR[case])))
    assert any(warning.startswith(said) for warning in warned), warned


@pytest.mark.parametrize(("name", "params"), [("elo", {}), ("davidson", {"bootstrap": 50})])
@pytest.mark.parametrize(("case", "who"), [("only ties", "a, b, c"),
                                           ("one prompt for one of them", "rare")])  # fmt: skip
def test_where_resampling_fails_the_reader_is_told(
    name: str, params: dict[str, int], case: str, who: str
) -> None:
    warned = warnings(rate(name, comparisons(IRREGULAR[case]), **params))
    said = f"{who} took the same share of points on every prompt"
    assert any(warning.startswith(said) for warning in warned), warned


@each_method
def test_repeats_on_the_same_prompt_are_pointed_out(name: str) -> None:
    warned = warnings(rate(name, comparisons(FIELD * 10)))
    assert warned[0].startswith("Each pair was compared 10.0 times on a prompt, on average.")


@each_weighing
def test_a_weight_counts_like_repeats(name: str) -> None:
    data = comparisons(FIELD)
    weight = np.random.default_rng(2).integers(1, 5, len(FIELD))
    repeated = [row for row, times in zip(FIELD, weight, strict=True) for _ in range(times)]
    weighted = rows_by_name(rate(name, replace(data, weight=weight.astype(float))))
    for competitor, row in rows_by_name(rate(name, comparisons(repeated))).items():
        other = weighted[competitor]
        assert (other.rating, other.ci_low, other.ci_high) == pytest.approx(
            (row.rating, row.ci_low, row.ci_high), abs=1e-6
        )
        assert other.rank == row.rank


@each_method
def test_an_extra_win_never_lowers_the_winner(name: str) -> None:
    params = {"shuffles": 4000, "bootstrap": 0} if name == "elo" else {}
    before = rate(name, comparisons(FIELD), **params)
    for winner, loser in (("c0", "c3"), ("c3", "c0"), ("c1", "c2")):
        after = rate(name, comparisons([*FIELD, (winner, loser, 1.0, 0)]), **params)
        assert rating(after, winner) > rating(before, winner)
        assert rating(after, loser) < rating(before, loser)


@each_method
def test_a_rerun_gives_identical_digits(name: str) -> None:
    data = with_all_columns(comparisons(FIELD))
    first, again = rate(name, data), rate(name, data)
    assert first == again
    assert (first.variances == again.variances).all()


@each_method
def test_the_variances_of_differences_fit_the_rows(name: str) -> None:
    table = rate(name, comparisons(FIELD))
    assert table.variances.shape == (4, 4)
    assert (np.diag(table.variances) == 0).all()
    assert table.variances == pytest.approx(table.variances.T)
    assert (table.variances[~np.eye(4, dtype=bool)] > 0).all()
    assert [row.tier for row in table.rows] == sorted(row.tier or 0 for row in table.rows)


@each_method
def test_competitors_without_a_comparison_are_listed_but_not_rated(name: str) -> None:
    table = rate(name, comparisons(FIELD, names=("idle", "c0", "c1", "c2", "c3")))
    idle = RatingRow("idle", None, None, None, None, None, None, 0, 0, 0, 0, "not rated")
    assert table.rows[-1] == idle
    assert table.rows[:-1] == rate(name, comparisons(FIELD)).rows
    assert warnings(table) == ("Not rated, for want of comparisons: idle.",)
    assert table.components == (("c0", "c1", "c2", "c3"),)


@each_method
@pytest.mark.parametrize("names", [(), ("a", "b")])
def test_no_comparisons_give_an_unrated_table(name: str, names: tuple[str, ...]) -> None:
    table = rate(name, comparisons([], names=names))
    assert [(row.competitor, row.rating, row.rank) for row in table.rows] == [
        (competitor, None, None) for competitor in names
    ]
    assert table.warnings == ("There is no comparison to rate.",)
    assert (table.n_comparisons, table.n_prompts, table.components) == (0, 0, ())


@each_method
@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("a", -1, "row 1: a is not the index of a competitor"),
        ("b", 3, "row 1: b is not the index of a competitor"),
        ("b", 1, "row 1: a competitor meets itself"),
        ("score", 0.7, "row 1: the score is none of 0, 0.5 and 1"),
        ("score", math.nan, "row 1: the score is none of 0, 0.5 and 1"),
        ("prompt", -1, "row 1: the prompt is negative"),
        ("weight", math.nan, "row 1: the weight is not a positive number"),
        ("weight", -1.0, "row 1: the weight is not a positive number"),
        ("weight", math.inf, "row 1: the weight is not a positive number"),
        ("weight", 1e12, "row 1: the weight is above 1,000,000,000"),
        ("first", 2, "row 1: the order is none of -1, 0 and 1"),
        ("share", 1.5, "row 1: the share is not between 0 and 1"),
        ("judge", 2, "row 1: judge is not the index of a judge"),
    ],
)
def test_a_faulty_row_is_refused_and_named(
    name: str, column: str, value: float, message: str
) -> None:
    data = comparisons([("a", "b", 1.0, 0), ("b", "c", 1.0, 1), ("c", "a", 0.0, 2)])
    data = replace(
        with_all_columns(data), weight=np.ones(3), share=np.full(3, np.nan), slice=np.zeros(3, int),
        slices=("all",),
    )  # fmt: skip
    values = getattr(data, column).copy()
    values[1] = value
    with pytest.raises(ValueError, match=message):
        rate(name, replace(data, **{column: values}))


@each_method
def test_a_name_given_twice_and_columns_of_different_length_are_refused(name: str) -> None:
    data = comparisons([("a", "b", 1.0, 0)])
    with pytest.raises(ValueError, match="listed twice"):
        rate(name, replace(data, competitors=("a", "a")))
    with pytest.raises(ValueError, match="differ in length"):
        rate(name, replace(data, prompt=np.array([0, 1])))


@each_method
def test_it_describes_itself_and_its_settings(name: str) -> None:
    cls = registry.get(name)
    table = rate(name, comparisons(FIELD))
    assert cls.label
    assert cls.description
    assert table.method == name
    assert {"unit": "prompt", "confidence": 0.95}.items() <= table.settings.items()
    if name in PER_CENT:
        assert table.settings["scale"] == "per cent"
    else:
        assert table.settings["centre"] == 1000.0
        assert table.settings["scale"] == pytest.approx(173.7178, abs=1e-4)
    assert set(cls.Params().model_dump()) <= set(table.settings)
    assert json.loads(json.dumps(table.settings)) == table.settings
    with pytest.raises(InvalidInput) as refused:
        registry.build(name, {"no_such_param": 1})
    assert refused.value.fields == {"params.no_such_param": "unknown parameter"}
