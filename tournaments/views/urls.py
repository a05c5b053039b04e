from __future__ import annotations

from django.urls import path

from tournaments.views import (
    brackets,
    extending,
    leaderboard,
    matches,
    overview,
    replaying,
    reports,
    slices,
    tournaments,
)

urlpatterns = [
    path("projects/<slug:slug>", overview.overview, name="project"),
    path("projects/<slug:slug>/leaderboard", leaderboard.leaderboard, name="leaderboard"),
    path("projects/<slug:slug>/leaderboard/slices", slices.slices, name="leaderboard-slices"),
    path("projects/<slug:slug>/tournaments", tournaments.index, name="tournaments"),
    path("projects/<slug:slug>/tournaments/new", tournaments.new, name="tournament-new"),
    path("projects/<slug:slug>/tournaments/new/plans", tournaments.plans, name="tournament-plans"),
    path("projects/<slug:slug>/tournaments/<int:pk>", tournaments.tournament, name="tournament"),
    path(
        "projects/<slug:slug>/tournaments/<int:pk>/prompts/<int:bracket>",
        brackets.bracket,
        name="bracket",
    ),
    path(
        "projects/<slug:slug>/tournaments/<int:pk>/replay",
        replaying.replay,
        name="tournament-replay",
    ),
    path(
        "projects/<slug:slug>/tournaments/<int:pk>/extend",
        extending.extend,
        name="tournament-extend",
    ),
    path(
        "projects/<slug:slug>/tournaments/<int:pk>/withdraw",
        extending.withdraw,
        name="tournament-withdraw",
    ),
    path(
        "projects/<slug:slug>/tournaments/<int:pk>/<str:action>",
        tournaments.act,
        name="tournament-act",
    ),
    path("projects/<slug:slug>/matches", matches.index, name="matches"),
    path("projects/<slug:slug>/matches/ask", matches.ask_people, name="matches-ask"),
    path("projects/<slug:slug>/matches/<int:pk>", matches.match, name="match"),
    path("projects/<slug:slug>/comparisons/<int:pk>", matches.comparison, name="comparison"),
    path("projects/<slug:slug>/reports", reports.index, name="reports"),
    path("projects/<slug:slug>/reports/make", reports.make, name="report-make"),
    path("projects/<slug:slug>/reports/schedule", reports.schedule, name="schedule-new"),
    path("projects/<slug:slug>/reports/schedules/<int:pk>", reports.switch, name="schedule-switch"),
    path("projects/<slug:slug>/reports/<int:pk>", reports.report, name="report"),
]
