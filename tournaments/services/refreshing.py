"""Keeping the ratings of completed tournaments up to date."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from tournaments.models import News, RatingRun, Tournament, TournamentStatus
from tournaments.services import rating


def refresh(tournament_id: int) -> None:
    """Fit a completed tournament whose ratings are due; of many messages one does it.

    What changes while it is fitted counts as a change that came after it.
    """
    _count_news(tournament_id)
    tournament = due().filter(pk=tournament_id).first()
    if tournament is None:
        return
    rating.rate_completed(tournament_id)
    Tournament.objects.filter(pk=tournament_id).update(rated_changes=tournament.changes)


def due() -> QuerySet[Tournament]:
    """Completed tournaments without ratings, and those with changes since they were rated."""
    runs = RatingRun.objects.filter(tournament=OuterRef("pk"))
    news = News.objects.filter(bracket__tournament=OuterRef("pk"))
    completed = Tournament.objects.filter(status=TournamentStatus.COMPLETED)
    return completed.filter(~Exists(runs) | ~Q(changes=F("rated_changes")) | Exists(news))


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
