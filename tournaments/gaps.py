"""What a board lacks: comparisons that were asked for and have no verdict, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db.models import Count

from judges.contracts import Silence
from judges.models import SETTLED
from tournaments.models import RatingRun
from tournaments.selection import decisions_of

WORDS = {
    Silence.FAILED: "got no reply",
    Silence.REFUSED: "refused",
    Silence.UNPARSABLE: "unreadable",
    Silence.ABSTAINED: "abstained",
    Silence.MISSING: "nobody judged",
}


@dataclass(frozen=True)
class Gaps:
    """Comparisons without a verdict: still to be judged, and by why there will be none."""

    pending: int = 0
    failed: int = 0
    refused: int = 0
    unparsable: int = 0
    abstained: int = 0
    missing: int = 0

    @property
    def undecided(self) -> int:
        return sum(getattr(self, silence.value) for silence in Silence)

    @property
    def total(self) -> int:
        return self.pending + self.undecided

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    def in_words(self) -> str:
        """One sentence for a banner; empty when nothing is missing."""
        parts = []
        if self.undecided:
            said = [
                f"{count:,} {words}"
                for silence, words in WORDS.items()
                if (count := getattr(self, silence.value))
            ]
            parts.append(f"{self.undecided:,} without a verdict ({', '.join(said)})")
        if self.pending:
            parts.append(f"{self.pending:,} still to be judged")
        return f"Not in this ranking: {' and '.join(parts)}." if parts else ""


def gaps_of(run: RatingRun) -> Gaps:
    """What is missing from the board of this run, as things stand now."""
    rows = (
        decisions_of(run.project, run.tournament, run.slice)
        .order_by()
        .values_list("status", "silence")
        .annotate(n=Count("pk"))
    )
    counts: dict[str, int] = {}
    for status, silence, n in rows:
        if silence:
            counts[silence] = counts.get(silence, 0) + n
        elif status not in SETTLED:
            counts["pending"] = counts.get("pending", 0) + n
    return Gaps(**counts)
