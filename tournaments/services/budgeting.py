"""A hard budget: what a tournament may still ask for.

For every match that is being judged the most that it can take is kept back, and given free when
its verdict is in. So calls made and calls under way together never exceed the budget; money, whose
amount is known only afterwards, is kept back with a margin.
"""

from __future__ import annotations

from dataclasses import dataclass

from judges.models import SETTLED
from judges.services.costs import Cost, cost_of
from tournaments.models import Tournament
from tournaments.queries import usage_of


@dataclass(frozen=True)
class Purse:
    """What is left of a budget; None is no limit. `pending` matches are being judged.

    `overdrawn`: money is out although matches are under way, since calls cost more than was kept
    back for them, or had no price (`unpriced`), so that nobody can know.
    """

    each: Cost
    pending: int
    calls: int | None
    usd: float | None
    overdrawn: bool
    unpriced: bool = False

    def affordable(self, wanted: int) -> int:
        """How many of `wanted` further comparisons can be paid for now."""
        if not self.each.most_calls:
            return wanted
        if self.calls is not None:
            wanted = min(wanted, max(self.calls // self.each.most_calls, 0))
        if self.usd is not None:
            wanted = min(wanted, self._for_money())
        return wanted

    def _for_money(self) -> int:
        price = self.each.most_usd
        if self.overdrawn or self.usd is None or self.usd <= 0:
            return 0
        if price is None:
            return 0 if self.pending else 1  # one at a time, until its price is known
        return int(self.usd // price) if price else 10**9


def purse_of(tournament: Tournament) -> Purse:
    """Look up what the tournament has spent since it began and what it has under way.

    Also for a comparison that another has asked for first: that may take the question back.
    """
    each = cost_of(tournament.judge)
    if not each.most_calls or (tournament.max_calls is None and tournament.max_usd is None):
        return Purse(each, 0, None, None, overdrawn=False)
    pending = tournament.matches.exclude(decision__status__in=SETTLED)
    count = pending.values("decision").distinct().count()
    spent = usage_of(tournament)
    paid, unpriced = spent.usd or 0.0, bool(spent.calls) and spent.usd is None
    calls = usd = None
    if tournament.max_calls is not None:
        calls = tournament.max_calls - spent.calls - count * each.most_calls
    if tournament.max_usd is not None:
        usd = tournament.max_usd - paid - count * (each.most_usd or 0.0)
    over = tournament.max_usd is not None and (unpriced or paid >= tournament.max_usd)
    return Purse(each, count, calls, usd, over, unpriced)


def why_it_stops(tournament: Tournament) -> str:
    """What a tournament says that may ask for nothing more."""
    purse, limits = purse_of(tournament), limits_in_words(tournament)
    if purse.overdrawn and purse.unpriced:
        return f"a call had no price: nobody can say what is left of the budget of {limits}"
    if purse.overdrawn:
        return f"the budget of {limits} is used up"
    left = []
    if purse.calls is not None:
        left.append(f"{max(purse.calls, 0)} calls are left and it may need {_need(purse.each)}")
    if purse.usd is not None and purse.each.most_usd is not None:
        left.append(
            f"${max(purse.usd, 0.0):.4g} are left and it may need ${purse.each.most_usd:.4g}"
        )
    return f"the budget of {limits} does not reach for one more comparison: {'; '.join(left)}"


def _need(each: Cost) -> str:
    """The calls that are kept back for a comparison, and why these are more than planned."""
    if each.most_calls <= each.calls:
        return f"{each.most_calls}"
    return f"{each.most_calls} ({each.calls:g} as planned, the rest for repairs and stand-ins)"


def limits_in_words(tournament: Tournament) -> str:
    """The budget as a note says it."""
    limits = []
    if tournament.max_calls is not None:
        limits.append(f"{tournament.max_calls} calls")
    if tournament.max_usd is not None:
        limits.append(f"${tournament.max_usd:g}")
    return " and ".join(limits)
