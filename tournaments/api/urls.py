"""Everything of the tournaments app under /api/v1/."""

from __future__ import annotations

from django.urls import path

from tournaments.api.leaderboard import Leaderboard, LeaderboardSlices
from tournaments.api.plugins import Formats, RatingMethods
from tournaments.api.reports import Reports, Schedules
from tournaments.api.tournaments import (
    Matches,
    OneTournament,
    TournamentAct,
    TournamentExtension,
    Tournaments,
    TournamentWithdrawal,
)

_PROJECT = "projects/<slug:slug>"
_ONE = f"{_PROJECT}/tournaments/<int:pk>"

urlpatterns = [
    path("formats", Formats.as_view(), name="api-formats"),
    path("rating-methods", RatingMethods.as_view(), name="api-rating-methods"),
    path(f"{_PROJECT}/leaderboard", Leaderboard.as_view(), name="api-leaderboard"),
    path(
        f"{_PROJECT}/leaderboard/slices",
        LeaderboardSlices.as_view(),
        name="api-leaderboard-slices",
    ),
    path(f"{_PROJECT}/tournaments", Tournaments.as_view(), name="api-tournaments"),
    path(_ONE, OneTournament.as_view(), name="api-tournament"),
    path(f"{_ONE}/matches", Matches.as_view(), name="api-matches"),
    path(f"{_ONE}/extend", TournamentExtension.as_view(), name="api-tournament-extend"),
    path(f"{_ONE}/withdraw", TournamentWithdrawal.as_view(), name="api-tournament-withdraw"),
    path(f"{_ONE}/<str:act>", TournamentAct.as_view(), name="api-tournament-act"),
    path(f"{_PROJECT}/reports", Reports.as_view(), name="api-reports"),
    path(f"{_PROJECT}/schedules", Schedules.as_view(), name="api-schedules"),
]
