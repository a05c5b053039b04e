"""What a board lacks: comparisons that were asked for and have no verdict, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db.models import Count

from judges.contracts import Silence
from judges.models import SETTLED
from tournaments.models import RatingRun, TournamentStatus
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
    """Comparisons without a verdict: still to be judged, and by why there will be none.

    `unplayed` ones were planned, at most so many, and nobody has been asked about them.
    """

    pending: int = 0
    failed: int = 0
    refused: int = 0
    unparsable: int = 0
    abstained: int = 0
    missing: int = 0
    unplayed: int = 0

    @property
    def undecided(self) -> int:
        return sum(getattr(self, silence.value) for silence in Silence)

    @property
    def total(self) -> int:
        return self.pending + self.undecided + self.unplayed

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
        if self.unplayed:
            parts.append(f"up to {self.unplayed:,} that were never played")
        *most, last = parts or [""]
        listed = f"{', '.join(most)} and {last}" if most else last
        return f"Not in this ranking: {listed}." if parts else ""


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
    return Gaps(**counts, unplayed=_unplayed(run))


def _unplayed(run: RatingRun) -> int:
    """Of a whole tournament that has not come to its end: what its format did not ask for yet."""
    tournament = run.tournament
    if tournament is None or run.slice or tournament.status == TournamentStatus.COMPLETED:
        return 0
    return max(tournament.planned - tournament.matches.count(), 0)
