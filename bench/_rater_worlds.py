"""Simulated raters with a known truth, honest and not, for the bench of rigging.

Honest raters are not exchangeable: each has a skill, a liking of the first side (0.52 on average),
of long answers, of each competitor, a speed and a number of ties of their own, and now and then
votes at a glance. Answers differ from prompt to prompt, so raters of one item agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from judges.stats.raters.field import strengths
from judges.stats.raters.votes import FIRST, SECOND, Votes
from judges.stats.verdicts import NONE, TIE

DAY = 86_400.0


@dataclass(frozen=True)
class World:
    """Sizes, and how much honest raters differ (standard deviations, log odds)."""

    competitors: int = 12
    prompts: int = 400
    items: int = 2_500
    honest: int = 100
    votes: int = 80
    ring: int = 20
    ring_votes: int = 40
    skill: float = 0.35
    taste: float = 0.35
    style: float = 0.3
    side: float = 0.12


@dataclass(frozen=True)
class Truth:
    """What nobody sees: strengths (K,), qualities and log lengths (P, K), of items prompt, a, b."""

    theta: np.ndarray
    quality: np.ndarray
    length: np.ndarray
    prompt: np.ndarray
    a: np.ndarray
    b: np.ndarray


def truth(world: World, rng: np.random.Generator) -> Truth:
    k, p = world.competitors, world.prompts
    theta = np.sort(rng.normal(0.0, 0.7, k))[::-1]
    quality = theta + rng.normal(0.0, 0.7, (p, k))
    length = 6.5 + rng.normal(0.0, 0.3, k) + rng.normal(0.0, 0.4, (p, k))
    a = rng.integers(0, k, world.items)
    b = (a + rng.integers(1, k, world.items)) % k
    prompt = rng.integers(0, p, world.items)
    return Truth(theta, quality, length, prompt, np.minimum(a, b), np.maximum(a, b))


@dataclass(frozen=True)
class Account:
    """One rater's votes: rows of item, whether turned, choice, seconds, at."""

    item: np.ndarray
    turned: np.ndarray
    choice: np.ndarray
    seconds: np.ndarray
    at: np.ndarray


def honest(world: World, world_truth: Truth, n: int, rng: np.random.Generator) -> Account:
    """`n` votes of an honest rater in up to four sittings of a fortnight."""
    item = rng.permutation(world.items)[:n]
    n = len(item)
    t = world_truth
    prompt = t.prompt[item]
    turned = rng.random(n) < 0.5
    first, second = np.where(turned, t.b[item], t.a[item]), np.where(turned, t.a[item], t.b[item])
    skill = np.exp(rng.normal(0.0, world.skill))
    taste = rng.normal(0.0, world.taste, world.competitors)
    longer = t.length[prompt, first] - t.length[prompt, second]
    lead = skill * (t.quality[prompt, first] - t.quality[prompt, second])
    lead += taste[first] - taste[second] + rng.normal(0.3, world.style) * longer
    lead += rng.normal(0.08, world.side)
    ties = np.exp(rng.normal(-0.5, 0.6))
    odds = np.stack([np.exp(lead / 2), np.full(n, ties), np.exp(-lead / 2)])
    drawn = rng.random(n) * odds.sum(axis=0)
    choice = np.where(drawn < odds[0], FIRST, np.where(drawn < odds[0] + ties, TIE, SECOND))
    seconds, at = sittings(n, rng)
    return Account(item, turned, choice, seconds, at)


def sittings(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Seconds and times (n,): a speed of one's own, one vote in thirty at a glance."""
    seconds = np.exp(rng.normal(3.2, 0.5) + rng.normal(0.0, 0.6, n))
    seconds = np.where(rng.random(n) < 1 / 30, rng.uniform(0.8, 2.0, n), seconds)
    starts = np.sort(rng.uniform(0.0, 14 * DAY, 4))[np.sort(rng.integers(0, 4, n))]
    return seconds, starts + np.cumsum(seconds + 2.0)


@dataclass(frozen=True)
class Mask:
    """An honest account that a cheat rewrites, with the competitors (n,) shown first and second."""

    account: Account
    first: np.ndarray
    second: np.ndarray
    rng: np.random.Generator


Cheat = Callable[[Mask], Account]


def masked(t: Truth, account: Account, rng: np.random.Generator) -> Mask:
    return Mask(account, *shown(t, account.item, account.turned), rng)


def side_picker(mask: Mask) -> Account:
    """Nine votes of ten for the first side."""
    picked = mask.rng.random(len(mask.first)) < 0.9
    return replace(mask.account, choice=np.where(picked, FIRST, mask.account.choice))


def clicker(mask: Mask) -> Account:
    """Any side, or a tie in one vote of five, at a human speed."""
    return replace(mask.account, choice=_random_choice(mask))


def rusher(mask: Mask) -> Account:
    """The same in a second or two."""
    seconds = mask.rng.uniform(0.4, 2.5, len(mask.first))
    return replace(mask.account, choice=_random_choice(mask), seconds=seconds)


def _random_choice(mask: Mask) -> np.ndarray:
    return mask.rng.choice([FIRST, TIE, SECOND], len(mask.first), p=[0.4, 0.2, 0.4])


@dataclass(frozen=True)
class Plan:
    """What a ring knows: its target, and for each pair whom a vote helps it to name (K, K)."""

    target: int
    helps: np.ndarray

    def pushed(self, mask: Mask, elsewhere: np.ndarray) -> Account:
        """The target wherever it plays, `elsewhere` (n,) in other votes."""
        choice = np.where(mask.first == self.target, FIRST, elsewhere)
        return replace(mask.account, choice=np.where(mask.second == self.target, SECOND, choice))


Strategy = Callable[[Mask, Plan], Account]


def target_random(mask: Mask, plan: Plan) -> Account:
    """The target where it plays, anything elsewhere (Min et al., target-only, random)."""
    return plan.pushed(mask, _random_choice(mask))


def target_tie(mask: Mask, plan: Plan) -> Account:
    """The target where it plays, ties elsewhere (Min et al., target-only, tie)."""
    return plan.pushed(mask, np.full(len(mask.first), TIE))


def target_abstain(mask: Mask, plan: Plan) -> Account:
    """The target where it plays; all else is skipped (Min et al., target-only, abstain)."""
    kept = (mask.first == plan.target) | (mask.second == plan.target)
    account = target_honest(mask, plan)
    return Account(*(column[kept] for column in vars(account).values()))


def target_honest(mask: Mask, plan: Plan) -> Account:
    """The target where it plays, honest elsewhere."""
    return plan.pushed(mask, mask.account.choice)


def omnipresent(mask: Mask, plan: Plan) -> Account:
    """Every vote as it helps the target against the one above it (Min et al., Omni-BT)."""
    return plan.pushed(mask, np.where(plan.helps[mask.first, mask.second], FIRST, SECOND))


def camouflage(mask: Mask, plan: Plan) -> Account:
    """Honest on half of all votes, omnipresent on the others."""
    attack = omnipresent(mask, plan).choice
    half = mask.rng.random(len(attack)) < 0.5
    return replace(mask.account, choice=np.where(half, attack, mask.account.choice))


SKIPS = "target, skips the others"
STRATEGIES: dict[str, Strategy] = {
    "target, random elsewhere": target_random,
    "target, ties elsewhere": target_tie,
    SKIPS: target_abstain,
    "target, honest elsewhere": target_honest,
    "omnipresent": omnipresent,
    "camouflage, half honest": camouflage,
}


def plan_of(votes: Votes, target: int) -> Plan:
    """How a vote on each pair moves the target against the next above it, to first order."""
    k = votes.competitors
    theta = rating(votes, np.ones(votes.raters, dtype=bool))
    above = np.flatnonzero(theta > theta[target])
    anchor = int(above[theta[above].argmin()]) if len(above) else int(np.argsort(-theta)[1])
    cell = np.bincount(votes.first * k + votes.second, minlength=k * k).reshape(k, k)
    chance = expit(theta[:, None] - theta[None, :])
    weight = (cell + cell.T) * chance * (1 - chance)
    information = np.diag(weight.sum(axis=1) + 0.5) - weight
    aim = np.zeros(k)
    aim[target], aim[anchor] = 1.0, -1.0
    pull = np.linalg.solve(information, aim)
    return Plan(target, pull[:, None] > pull[None, :])


def rating(votes: Votes, kept: np.ndarray) -> np.ndarray:
    """(K,) Bradley-Terry strengths of the votes of the kept raters (R,), ties half."""
    won = np.where(votes.choice == FIRST, 1.0, np.where(votes.choice == SECOND, 0.0, 0.5))
    return strengths(
        votes.first, votes.second, won, kept[votes.rater].astype(float), votes.competitors
    )


def rank(theta: np.ndarray, target: int) -> int:
    return int((theta > theta[target]).sum()) + 1


def gathered(world: World, world_truth: Truth, accounts: list[Account]) -> Votes:
    """All accounts as columns; account r is rater r."""
    t = world_truth
    rater = np.repeat(np.arange(len(accounts)), [len(account.item) for account in accounts])
    item = np.concatenate([account.item for account in accounts])
    turned = np.concatenate([account.turned for account in accounts])
    first, second = shown(t, item, turned)
    prompt = t.prompt[item]
    lengths = np.stack([t.length[prompt, first], t.length[prompt, second]], axis=1)
    return Votes(
        keys=tuple(f"rater {r}" for r in range(len(accounts))),
        labels=tuple(range(world.competitors)),
        items=world.items,
        prompts=world.prompts,
        rater=rater,
        item=item,
        prompt=prompt,
        first=first,
        second=second,
        choice=np.concatenate([account.choice for account in accounts]).astype(np.int8),
        seconds=np.concatenate([account.seconds for account in accounts]),
        at=np.concatenate([account.at for account in accounts]),
        gold=np.full(len(item), NONE, dtype=np.int8),
        lengths=np.exp(lengths),
    )


def shown(t: Truth, item: np.ndarray, turned: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The competitors shown first and second."""
    return np.where(turned, t.b[item], t.a[item]), np.where(turned, t.a[item], t.b[item])


def honest_field(world: World, t: Truth, rng: np.random.Generator) -> list[Account]:
    """As many honest accounts; the busiest vote ten times as often as the laziest."""
    sizes = np.clip(np.exp(rng.normal(np.log(world.votes), 0.6, world.honest)), 10, 600)
    return [honest(world, t, int(size), rng) for size in sizes]


def attacked(
    world: World, t: Truth, accounts: list[Account], strategy: str, target: int,
    rng: np.random.Generator,
) -> list[Account]:  # fmt: skip
    """The ring's accounts, which vote as honest ones would but for the strategy.

    Who skips votes on as many comparisons, so is shown more of them.
    """
    plan = plan_of(gathered(world, t, accounts), target)
    shown_votes = world.ring_votes * (world.competitors // 2 if strategy == SKIPS else 1)
    masks = [masked(t, honest(world, t, shown_votes, rng), rng) for _ in range(world.ring)]
    return [STRATEGIES[strategy](mask, plan) for mask in masks]
