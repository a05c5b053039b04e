"""Keeping the ratings of completed tournaments up to date."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from arena.common.errors import ArenaError
from tournaments.models import News, RatingRun, Tournament, TournamentStatus
from tournaments.services import rating

FIRST_DELAY = timedelta(minutes=1)
MOST_DOUBLINGS = 10
"""A fit that fails without anything new is tried after 1, 2, 4, ... minutes, at most 17 hours."""

MOST_WORDS = 500


def refresh(tournament_id: int) -> None:
    """Fit a completed tournament whose ratings are due; of many messages one does it.

    What changes while it is fitted counts as a change that came after it. What cannot be fitted
    is noted; an error that is not ours to explain is raised besides.
    """
    _count_news(tournament_id)
    tournament = due().filter(pk=tournament_id).first()
    if tournament is None:
        return
    try:
        rating.rate_completed(tournament_id)
    except ArenaError as error:
        _note_failure(tournament, error.message)
    except Exception as error:
        _note_failure(tournament, f"{type(error).__name__}: {error}")
        raise
    else:
        Tournament.objects.filter(pk=tournament_id).update(
            rated_changes=tournament.changes, rating_failures=0, rating_fault="", rate_after=None
        )


def due() -> QuerySet[Tournament]:
    """Completed tournaments without ratings, and those with changes since they were rated.

    One that could not be rated is due when something has changed, and when it has waited.
    """
    runs = RatingRun.objects.filter(tournament=OuterRef("pk"))
    news = News.objects.filter(bracket__tournament=OuterRef("pk"))
    completed = Tournament.objects.filter(status=TournamentStatus.COMPLETED)
    untried = Q(~Exists(runs), rating_failures=0)
    waited = Q(rate_after__lte=timezone.now())
    return completed.filter(untried | ~Q(changes=F("rated_changes")) | Exists(news) | waited)


def _note_failure(tournament: Tournament, words: str) -> None:
    """Keep why it could not be rated, and when it is tried again although nothing is new."""
    delay = FIRST_DELAY * 2 ** min(tournament.rating_failures, MOST_DOUBLINGS)
    Tournament.objects.filter(pk=tournament.pk).update(
        rated_changes=tournament.changes,
        rating_failures=min(tournament.rating_failures, MOST_DOUBLINGS) + 1,
        rating_fault=words.replace("\0", "")[:MOST_WORDS],
        rate_after=timezone.now() + delay,
    )


@transaction.atomic
def _count_news(tournament_id: int) -> None:
    """Make one change of the verdicts that came since. News of one that plays is its format's."""
    completed = Tournament.objects.filter(pk=tournament_id, status=TournamentStatus.COMPLETED)
    if not completed.select_for_update().exists():
        return
    news = News.objects.filter(bracket__tournament=tournament_id)
    if heard := list(news.values_list("pk", flat=True)):
        completed.update(changes=F("changes") + 1)
        News.objects.filter(pk__in=heard).delete()
