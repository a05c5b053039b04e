"""The figures of a report on a judge, said in a sentence each."""

from __future__ import annotations

from judges.services.judge_reports import JudgeReport
from judges.stats.bootstrap import Estimate
from judges.stats.calibration import Calibration
from judges.stats.jury_size import JurySize

THIN = "\u202f"
MINUS = "−"
BANDS = (
    (0.8, "nearly always"),
    (0.6, "well"),
    (0.4, "moderately"),
    (0.2, "a little"),
    (0.0, "hardly more than by chance"),
)


def percent(value: float) -> str:
    """A share: "13 %"; one decimal below ten per cent."""
    number = 100 * value
    text = f"{number:.0f}" if abs(number) >= 9.95 or number == 0 else f"{number:.1f}"
    return f"{text.replace('-', MINUS)}{THIN}%"


def points(value: float) -> str:
    """A difference of shares: "+15 points"."""
    text = f"{100 * value:+.0f}".replace("-", MINUS)
    return "0 points" if text in {"+0", f"{MINUS}0"} else f"{text}{THIN}points"


def coefficient(value: float) -> str:
    """A kappa or the like: "0.48"."""
    return f"{value:.2f}".replace("-", MINUS)


def interval(found: Estimate, scale: float = 100.0, decimals: int | None = None) -> str:
    """The ends of an interval: "11 to 15"; empty where there is none.

    Unless told otherwise a narrow one has a decimal.
    """
    if found.low is None or found.high is None:
        return ""
    if decimals is None:
        decimals = 0 if scale * (found.high - found.low) >= 2 else 1
    low, high = (
        f"{round(scale * end, decimals) or 0.0:.{decimals}f}".replace("-", MINUS)
        for end in (found.low, found.high)
    )
    return f"{low} to {high}"


def flip(found: Estimate) -> str:
    """What changing places does."""
    return (
        f"In {percent(found.value)} of the comparisons that name a side in both orders, the "
        f"verdict changes sides when the answers swap places; a coin would make 50{THIN}%."
    )


def first(found: Estimate) -> str:
    """Which place is liked."""
    return (
        f"The answer shown first is preferred in {percent(0.5 + found.value)} of the judgments for "
        f"one side; without a preference for a place it would be 50{THIN}%."
    )


def longer(report: JudgeReport) -> str:
    """Whether length is liked."""
    found, slope = report.length.longer, report.length.slope
    assert found is not None
    text = f"The longer answer wins in {percent(found.value)} of the decided comparisons"
    if slope is not None and abs(slope.value) >= 0.05:
        times = f"{min(2**slope.value, 999):.1f}"
        text += f"; an answer twice as long as the other has {times} times the odds"
    return f"{text}. Longer answers may be better ones, too."


def beyond_length(found: Estimate) -> str:
    """Length against the other judges."""
    return (
        f"It prefers the longer answer {_more(found.value)} than the other judges do in the same "
        f"comparisons.{_unsure(found)}"
    )


def family(report: JudgeReport) -> str:
    """Own family against the other judges."""
    preference = report.family_preference
    assert preference.own is not None
    assert preference.theirs is not None
    assert preference.beyond is not None
    return (
        f"It prefers the {report.family} family in {percent(preference.own.value)} of its meetings "
        f"with others; the judges of other families, people among them, do so in "
        f"{percent(preference.theirs.value)} of the same comparisons.{_unsure(preference.beyond)}"
    )


def agrees(kappa: float) -> str:
    """A kappa as an adverb (bands of Landis & Koch 1977)."""
    return next((word for low, word in BANDS if kappa >= low), "less than by chance")


def with_people(report: JudgeReport) -> str:
    """Agreement with people."""
    assert report.people is not None
    raw, kappa = report.people.raw, report.people.kappa
    assert raw is not None
    text = (
        f"It gives the verdict of people in {percent(raw.value)} of the comparisons that they share"
    )
    if kappa is None:
        return f"{text}."
    return (
        f"{text}. Beyond chance they agree {agrees(kappa.value)}: kappa is "
        f"{coefficient(kappa.value)}, where 1 is always and 0 is chance."
    )


def calibrated(found: Calibration) -> str:
    """Whether its confidence can be believed."""
    if not found.bins or found.error is None or found.brier is None:
        return "It is never surer of one side than of the other."
    top = found.bins[-1]
    return (
        f"Where it is surest ({percent(top.confidence)}), it is right in "
        f"{percent(top.right.value)}. On the mean, what it says and what comes true are "
        f"{percent(found.error.value)} apart; Brier score {found.brier.value:.3f}."
    )


def jury(found: JurySize, reference: str | None) -> str:
    """How many judges a jury is worth."""
    assert found.size is not None
    assert found.rho is not None
    truth = "people" if reference == "people" else "most of the rest of them"
    text = (
        f"{found.members} judges that err together are worth {found.size.value:.1f} that err "
        f"independently: their errors correlate by {coefficient(found.rho.value)}. An error is a "
        f"verdict other than that of {truth}."
    )
    if reference != "people":
        text += " Since the rest err with them, the true correlation is higher rather than lower."
    return text


def _more(value: float) -> str:
    amount = f"{100 * abs(value):.0f}"
    if amount == "0":
        return "hardly more or less often"
    return f"{amount}{THIN}points {'more' if value > 0 else 'less'} often"


def _unsure(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return ""
    return " The interval holds zero: that may be chance." if found.low <= 0 <= found.high else ""
