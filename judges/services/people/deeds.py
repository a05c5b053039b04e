"""What the log says of campaigns and their raters; see `arena.services.deeds`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arena.services.deeds import Fields, Sentence, of_parts, teach
from judges.services.people.selecting import How

SETTINGS = {
    "access": "who may take part",
    "quota": "how much a rater may judge",
    "asks_strength": "whether it asks how much better",
    "shows_agreement": "whether raters learn how others agreed",
    "gold_every": "how often gold is asked",
    "gold_policy": "what follows from gold",
    "gold_share": "how much gold is to be right",
    "gold_least": "after how much gold",
}
"""Settings of a campaign whose names are no words."""

CHOSEN = {
    How.SAMPLE: "sampled from all pairs",
    How.DECIDED: "sampled from what {judge} decided",
    How.SPLIT: "on which members of {judge} disagree",
    How.UNSURE: "of which {judge} is unsure",
    How.FLIPPED: "on which {judge} changes sides",
    "matches": "from the list of matches",
}

VERDICTS = {"a": "A is better", "b": "B is better", "tie": "a tie", "both_bad": "both are bad"}


def _changed(fields: Fields) -> str:
    names = [SETTINGS.get(name, name) for name in fields.get("changed", [])]
    return of_parts("changed the campaign “{subject}”", ": {changed}")({**fields, "changed": names})


def _added(fields: Fields) -> str:
    how: Mapping[str, Any] = fields.get("how") or {}
    which = CHOSEN.get(how.get("how", ""), "")
    said = of_parts(
        "added {count:comparison} to the campaign “{subject}”", f", {which}" if which else "",
        ", of the category {category}", ", in the language {language}",
    )  # fmt: skip
    return said({**how, **fields})


def _gold(deed: str) -> Sentence:
    def said(fields: Fields) -> str:
        sentence = of_parts(
            deed, " for the warm-up" if fields.get("warm_up") else "", " on the prompt {prompt}",
            ", in the campaign “{subject}”", ": {expected}", ", as {raters:rater} said",
        )  # fmt: skip
        return sentence({**fields, "expected": VERDICTS.get(fields.get("expected", ""), "")})

    return said


def _ruled(fields: Fields) -> str:
    winner = VERDICTS.get(fields.get("winner") or "", "")
    return of_parts("ruled on {subject}", ": {winner}")({**fields, "winner": winner})


teach(
    {
        "campaign.created": of_parts("made the campaign “{subject}”", " and its judge {judge}"),
        "campaign.changed": _changed,
        "campaign.closed": of_parts("closed the campaign “{subject}”"),
        "campaign.reopened": of_parts("reopened the campaign “{subject}”"),
        "campaign.live": of_parts("turned live battles of the campaign “{subject}” on"),
        "campaign.not_live": of_parts("turned live battles of the campaign “{subject}” off"),
        "campaign.comparisons_added": _added,
        "campaign.others_asked": of_parts(
            "asked others about {count:comparison} of the campaign “{subject}” that lost raters"
        ),
        "comparison.adjudicated": _ruled,
        "rater.stopped": of_parts("stopped the rater {subject}", " in “{campaign}”", ": {reason}"),
        "rater.let_go_on": of_parts("let the rater {subject} go on", " in “{campaign}”"),
        "rater.quarantined": of_parts("left out the judgments of {subject}", ": {reason}"),
        "rater.restored": of_parts("took in the judgments of {subject} again"),
        "rater_link.created": of_parts(
            "made an invitation link to the campaign “{subject}”", ", for {label}",
            ", with {places:place}",
        ),
        "rater_link.revoked": of_parts(
            "revoked an invitation link to the campaign “{subject}”", ", for {label}"
        ),
        "gold.added": _gold("added a gold question"),
        "gold.changed": _gold("changed the gold question"),
        "gold.uploaded": of_parts(
            "uploaded gold questions to the campaign “{subject}”", ": {created} new",
            ", {updated} changed",
        ),
        "gold.retired": _gold("retired the gold question"),
        "speaker.set_up": of_parts(
            "let {subject} take part in live battles", ", at the endpoint {endpoint}"
        ),
        "speaker.changed": of_parts(
            "changed how {subject} is asked in live battles", ", at the endpoint {endpoint}"
        ),
        "speaker.retired": of_parts("took {subject} out of live battles"),
    }
)  # fmt: skip
