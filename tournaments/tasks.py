"""Wake-ups. Each may come twice, late or never: the tables say what is to be done."""

from __future__ import annotations

from celery import shared_task


@shared_task(name="tournaments.advance")
def advance(*, tournament_id: int) -> None:
    """Ask the format what can be played now."""
    from tournaments.services import advancing  # leaf

    advancing.advance(tournament_id)


@shared_task(name="tournaments.rate")
def rate(*, tournament_id: int) -> None:
    """Fit the ratings of a completed tournament, where they are due."""
    from tournaments.services import refreshing  # leaf

    refreshing.refresh(tournament_id)


@shared_task(name="tournaments.sweep")
def sweep() -> None:
    """Send the wake-ups again that a lost message or a killed process left unsent."""
    from tournaments.services import sweeping  # leaf

    unadvanced, unrated = sweeping.left_behind()
    for tournament_id in unadvanced:
        advance.delay(tournament_id=tournament_id)
    for tournament_id in unrated:
        rate.delay(tournament_id=tournament_id)


@shared_task(name="tournaments.send_due_reports")
def send_due_reports() -> None:
    """Make and send the reports that are due."""
    from tournaments.services import reporting  # leaf

    reporting.send_due()
