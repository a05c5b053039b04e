"""One file a noun."""

from tournaments.models.match import Bracket, Match, News, Roster
from tournaments.models.rating_run import RatingRun
from tournaments.models.report import Period, Report, Schedule
from tournaments.models.tournament import Tournament, TournamentStatus, Undecided

__all__ = [
    "Bracket",
    "Match",
    "News",
    "Period",
    "RatingRun",
    "Report",
    "Roster",
    "Schedule",
    "Tournament",
    "TournamentStatus",
    "Undecided",
]
