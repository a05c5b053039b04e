"""How good the judges are: one of them, and all of them beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from arena.common.errors import NotFound
from arena.models import Project
from arena.templatetags.arena_ui import number
from arena.views.access import project_page
from arena.views.reads import filter_choices
from judges.queries import Verdicts, judge_of
from judges.report_queries import Selection
from judges.services.judge_agreement import AgreementReport, Pair, agreement_report
from judges.services.judge_panel import JudgeName
from judges.services.judge_reports import JudgeReport, judge_report
from judges.stats.agreement import Agreement
from judges.stats.bootstrap import Estimate
from judges.views import report_words as words
from judges.views.report_pictures import Bar, Scale, bar, curve, shade, widest

NO_BIAS = 0.5
KAPPA = Scale(-0.2, 1.0, 0.0)
SHARE = Scale(0.0, 1.0, 0.5)
_CHANCE = "1 is always the same verdict, 0 is chance."
MEASURES: Mapping[str, tuple[str, str]] = {
    "kappa": ("Cohen's kappa", f"a, b, tie and both bad are four things. {_CHANCE}"),
    "raw": ("equal verdicts", "the share of them, chance included"),
    "linear": ("linear weighted kappa", f"a tie, or both bad, is half-way from a to b. {_CHANCE}"),
    "quadratic": ("quadratic weighted kappa", f"opposite verdicts weigh four times. {_CHANCE}"),
    "alpha": ("Krippendorff's alpha", f"a, b, tie and both bad are four things. {_CHANCE}"),
    "alpha_ordinal": ("ordinal alpha", f"Krippendorff's, with ties between a and b. {_CHANCE}"),
    "fleiss": ("Fleiss' kappa", f"of a pair, so Scott's pi. {_CHANCE}"),
}


@dataclass(frozen=True)
class Filter:
    """A select above a report; options are (value, text)."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Cell:
    """A pair in the heat map; `text` is empty where they share no comparison."""

    text: str = ""
    title: str = ""
    shade: int = 0
    related: bool = False
    own: bool = False


@require_safe
@project_page(tells_names=True)
def report(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """One version of a judge."""
    selection, filters = _asked(request, project)
    judge = judge_of(project, pk)
    found = judge_report(judge, selection)
    seen, never = _rates(found)
    context = {
        "project": project,
        "judge": judge,
        "report": found,
        "verdicts": _verdicts(found),
        "filters": filters,
        "filtered": selection != Selection(),
        "flip_bars": [_flip(found)],
        "biases": _biases(found),
        "agreements": _agreements(found, project),
        "with_people": words.with_people(found) if found.people else found.notes.get("people", ""),
        "curve": curve(found.calibration) if found.calibration else None,
        "calibrated": words.calibrated(found.calibration) if found.calibration else "",
        "jury": words.jury(found.jury, found.jury_reference) if found.jury else "",
        "rates": seen,
        "never": never,
        "usd_note": found.notes.get("effort.usd", ""),
        "seconds": _seconds(found),
    }
    return render(request, "judges/report.html", context)


@require_safe
@project_page(tells_names=True)
def agreement(request: HttpRequest, project: Project) -> HttpResponse:
    """All current judges."""
    selection, filters = _asked(request, project)
    found = agreement_report(project, selection)
    measure = request.GET.get("measure", "")
    measure = measure if measure in MEASURES else "kappa"
    options = [(name, label[0].upper() + label[1:]) for name, (label, _) in MEASURES.items()]
    people = {item.judge: item.agreement for item in found.with_people}
    names = {item.id: item for item in found.judges}
    context = {
        "project": project,
        "report": found,
        "filters": [Filter("measure", "Measure", measure, options), *filters],
        "filtered": selection != Selection(),
        "measure": MEASURES[measure],
        "rows": _heat_map(found, measure, people),
        "has_people": any(people.values()),
        "with_people": _bars(project, [(names[pk], item, False) for pk, item in people.items()]),
        "pairs": [
            (names[pair.one], names[pair.two], pair, _figures(pair.agreement))
            for pair in found.pairs
            if pair.agreement
        ],
        "jury": words.jury(found.jury, found.reference) if found.jury else "",
    }
    return render(request, "judges/agreement.html", context)


def _asked(request: HttpRequest, project: Project) -> tuple[Selection, list[Filter]]:
    """What the address narrows the report to, and selects for it; those without a choice go."""
    names = ("tournament", "category", "language", "tag")
    chosen = {name: request.GET.get(name, "").replace("\0", "").strip() for name in names}
    wanted = chosen["tournament"]
    if wanted and not (wanted.isdecimal() and len(wanted) < 19):
        raise NotFound(f"no tournament {wanted} in {project.slug}")
    played = project.tournaments.values_list("pk", "name")
    offered = {name: [(value, value) for value in v] for name, v in filter_choices(project).items()}
    offered["tournament"] = [(str(pk), name) for pk, name in played]
    filters = [
        Filter(name, name.capitalize(), chosen[name], [("", "all"), *offered[name]])
        for name in names
        if len(offered[name]) > 1 or chosen[name]
    ]
    rest = {name: value for name, value in chosen.items() if name != "tournament"}
    return Selection(tournament=int(wanted) if wanted else None, **rest), filters


def _figures(found: Agreement) -> list[Estimate | None]:
    """The columns of the table of pairs."""
    return [found.raw, found.kappa, found.linear, found.quadratic, found.fleiss, found.alpha,
            found.alpha_ordinal]  # fmt: skip


def _seconds(found: JudgeReport) -> tuple[float | None, float | None]:
    """What half and 95 % of the judgments took at most."""
    time = found.effort.latency
    ends = (time.p50, time.p95) if time else (None, None)
    half, most = (end.value / 1000 if end else None for end in ends)
    return half, most


def _verdicts(found: JudgeReport) -> Verdicts:
    """The counts as the bar of verdicts takes them."""
    silent = found.counts.silent
    return Verdicts(
        decisive=found.counts.decisive,
        tie=found.counts.tie,
        both_bad=found.counts.both_bad,
        undecided=sum(silent.values()) - silent.get("failed", 0),
        failed=silent.get("failed", 0),
    )


def _rates(found: JudgeReport) -> tuple[list[tuple[str, str, str]], list[str]]:
    """What occurred: its name, share and interval; and the names of what never did."""
    rates = found.rates
    listed = (
        ("ties among the verdicts", rates.tie),
        ("both bad among the verdicts", rates.both_bad),
        ("unparsable replies", rates.unparsable),
        ("refusals", rates.refused),
        ("abstentions", rates.abstained),
        ("failed comparisons", rates.failed),
        ("comparisons without a record or vote", rates.missing),
    )
    told = [(name, rate) for name, rate in listed if rate is not None]
    seen = [
        (name, words.percent(rate.value), words.interval(rate, decimals=1))
        for name, rate in told
        if rate.value
    ]
    return seen, [name for name, rate in told if not rate.value]


def _flip(found: JudgeReport) -> Bar:
    flip = found.position.flip
    return bar(
        "Verdict changes sides",
        flip,
        SHARE,
        text=words.percent(flip.value) if flip else "",
        interval=words.interval(flip) if flip else "",
        sentence=words.flip(flip) if flip else "",
        note=found.notes.get("position.flip", ""),
    )


def _biases(found: JudgeReport) -> dict[str, object]:
    """The bars of the preferences, as differences from none, and the scale that they share."""
    notes, length, kin = found.notes, found.length, found.family_preference.beyond
    listed: list[tuple[str, Estimate | None, Callable[[], str], str]] = [
        ("Shown first", found.position.first, lambda: words.first(_known(found.position.first)),
         notes.get("position.first", "")),
        ("Longer answer", _shifted(length.longer), lambda: words.longer(found),
         notes.get("length", "")),
        ("Longer, beyond the other judges", length.beyond,
         lambda: words.beyond_length(_known(length.beyond)), notes.get("length.beyond", "")),
        ("Own family, beyond the other judges", kin, lambda: words.family(found),
         notes.get("family", "")),
    ]  # fmt: skip
    reach = widest((item for _, item, _, _ in listed), least=0.2)
    scale = Scale(-reach, reach, 0.0)
    bars = [
        bar(
            label,
            item,
            scale,
            text=words.points(item.value) if item else "",
            interval=words.interval(item) if item else "",
            sentence=sentence() if item else "",
            note=note,
        )
        for label, item, sentence, note in listed
    ]
    reached = f"{100 * reach:.0f}{words.THIN}points"
    return {"bars": bars, "line": scale.line, "left": f"{words.MINUS}{reached}", "right": reached}


def _known(found: Estimate | None) -> Estimate:
    assert found is not None
    return found


def _shifted(found: Estimate | None) -> Estimate | None:
    """A share as its difference from one half."""
    if found is None:
        return None
    low, high = (None if end is None else end - NO_BIAS for end in (found.low, found.high))
    return replace(found, value=found.value - NO_BIAS, low=low, high=high)


def _agreements(found: JudgeReport, project: Project) -> list[Bar]:
    """Kappa with people together, then with each judge, best first."""
    bars = []
    if found.people:
        bars.append(_kappa_bar("People together", found.people, ""))
    listed = [(item.judge, item.agreement, item.related) for item in found.others]
    return [*bars, *_bars(project, listed)]


def _bars(
    project: Project, listed: Sequence[tuple[JudgeName, Agreement | None, bool]]
) -> list[Bar]:
    known = [(name, item, related) for name, item, related in listed if item and item.kappa]
    known.sort(key=lambda row: -_known(row[1].kappa).value)
    return [
        _kappa_bar(
            f"{name.name}{' (shares judgments)' if related else ''}",
            item,
            reverse("judge-report", args=(project.slug, name.id)),
        )
        for name, item, related in known
    ]


def _kappa_bar(label: str, item: Agreement, link: str) -> Bar:
    kappa = item.kappa
    return bar(
        label,
        kappa,
        KAPPA,
        text=words.coefficient(kappa.value) if kappa else "",
        interval=words.interval(kappa, 1.0, 2) if kappa else "",
        sentence=f"{number(item.comparisons)} comparisons on {number(item.prompts)} prompts",
        note="all verdicts are the same, so chance cannot be told from agreement",
        link=link,
    )


def _heat_map(
    found: AgreementReport, measure: str, people: Mapping[int, Agreement | None]
) -> list[tuple[JudgeName, list[Cell], Cell]]:
    """Of each judge its name, a cell for every judge, and one for people together."""
    pairs = {frozenset((pair.one, pair.two)): pair for pair in found.pairs}
    rows = []
    for name in found.judges:
        cells = [
            Cell(own=True)
            if other == name
            else _cell(name.name, other.name, pairs[frozenset((name.id, other.id))], measure)
            for other in found.judges
        ]
        with_people = Pair(name.id, 0, related=False, agreement=people.get(name.id))
        rows.append((name, cells, _cell(name.name, "people", with_people, measure)))
    return rows


def _cell(one: str, two: str, pair: Pair, measure: str) -> Cell:
    if pair.agreement is None:
        return Cell(title=f"{one} and {two} share no comparison")
    figure: Estimate | None = getattr(pair.agreement, measure)
    shared = f"{pair.agreement.comparisons} comparisons on {pair.agreement.prompts} prompts"
    if figure is None:
        return Cell(title=f"{one} and {two}: all verdicts are the same; {shared}")
    ends = words.interval(figure, 1.0, 2)
    return Cell(
        text=words.coefficient(figure.value),
        title=f"{one} and {two}: {words.coefficient(figure.value)}"
        f"{f' ({ends})' if ends else ''}; {shared}",
        shade=shade(figure.value),
        related=pair.related,
    )
