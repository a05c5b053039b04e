"""Addresses of the pages about judges, and of the page on which people judge."""

from __future__ import annotations

from django.urls import path

from judges.views import (
    battles,
    campaign_gold,
    campaign_people,
    campaign_quality,
    campaigns,
    endpoints,
    joining,
    judges,
    rating,
    records,
    reports,
    speakers,
    trials,
    warm_up,
)

urlpatterns = [
    path("projects/<slug:slug>/judges", judges.judges, name="judges"),
    path("projects/<slug:slug>/judges/new", judges.new_judge, name="judge-new"),
    path("projects/<slug:slug>/judges/<int:pk>", judges.judge, name="judge"),
    path("projects/<slug:slug>/judges/<int:pk>/try", trials.trial, name="judge-trial"),
    path("projects/<slug:slug>/judges/try", trials.unsaved, name="judge-trial-unsaved"),
    path("projects/<slug:slug>/judges/<int:pk>/report", reports.report, name="judge-report"),
    path("projects/<slug:slug>/judges/agreement", reports.agreement, name="judge-agreement"),
    path("projects/<slug:slug>/judges/endpoints", endpoints.endpoints, name="endpoints"),
    path("projects/<slug:slug>/judges/endpoints/new", endpoints.new_endpoint, name="endpoint-new"),
    path("projects/<slug:slug>/judges/endpoints/<int:pk>", endpoints.endpoint, name="endpoint"),
    path(
        "projects/<slug:slug>/judges/endpoints/<int:pk>/delete",
        endpoints.delete_endpoint,
        name="endpoint-delete",
    ),
    path("projects/<slug:slug>/campaigns", campaigns.index, name="campaigns"),
    path("projects/<slug:slug>/campaigns/new", campaigns.new_campaign, name="campaign-new"),
    path("projects/<slug:slug>/campaigns/preview", campaigns.preview, name="campaign-preview"),
    path("projects/<slug:slug>/campaigns/live", speakers.battles, name="live-battles"),
    path("projects/<slug:slug>/campaigns/<str:key>", campaigns.campaign, name="campaign"),
    path("projects/<slug:slug>/campaigns/<str:key>/live", speakers.switch, name="campaign-live"),
    path("projects/<slug:slug>/campaigns/<str:key>/edit", campaigns.edit, name="campaign-edit"),
    path("projects/<slug:slug>/campaigns/<str:key>/close", campaigns.close, name="campaign-close"),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/reopen", campaigns.reopen, name="campaign-reopen"
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/comparisons",
        campaigns.comparisons,
        name="campaign-comparisons",
    ),
    path("projects/<slug:slug>/campaigns/<str:key>/gold", campaign_gold.gold, name="campaign-gold"),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/gold/new",
        campaign_gold.new_gold,
        name="campaign-gold-new",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/gold/make",
        campaign_gold.make_gold,
        name="campaign-gold-make",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/gold/<int:pk>/retire",
        campaign_gold.retire_gold,
        name="campaign-gold-retire",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/links",
        campaign_people.new_link,
        name="campaign-link-new",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/links/<int:pk>/revoke",
        campaign_people.revoke_link,
        name="campaign-link-revoke",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/raters/<int:pk>/stop",
        campaign_people.stop_rater,
        name="campaign-rater-stop",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/raters/<int:pk>/go-on",
        campaign_people.let_go_on,
        name="campaign-rater-go-on",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/quality",
        campaign_quality.raters,
        name="campaign-quality",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/quality/leave-out",
        campaign_quality.leave_out,
        name="campaign-leave-out",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/quality/take-in/<int:pk>",
        campaign_quality.take_in,
        name="campaign-take-in",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/quality/ask-again",
        campaign_quality.ask_again,
        name="campaign-ask-again",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/adjudicate",
        campaign_quality.adjudicate,
        name="campaign-adjudicate",
    ),
    path("projects/<slug:slug>/speakers", speakers.speakers, name="speakers"),
    path("projects/<slug:slug>/speakers/<int:pk>", speakers.speaker, name="speaker"),
    path("projects/<slug:slug>/speakers/<int:pk>/retire", speakers.retire, name="speaker-retire"),
    path("projects/<slug:slug>/rate", rating.open_campaigns, name="rate"),
    path("rate/join/<str:token>", joining.invited, name="rating-invited"),
    path("rate/<str:key>", rating.rate, name="rating"),
    path("rate/<str:key>/join", joining.join, name="rating-join"),
    path("rate/<str:key>/welcome", warm_up.welcome, name="rating-welcome"),
    path("rate/<str:key>/warm-up", warm_up.warm_up, name="rating-warm-up"),
    path("rate/<str:key>/undo", rating.undo, name="rating-undo"),
    path("rate/<str:key>/take-back", rating.take_back, name="rating-take-back"),
    path("rate/<str:key>/battle", battles.battle, name="rating-battle"),
    path("rate/<str:key>/battle/vote", battles.vote, name="rating-battle-vote"),
    path("rate/<str:key>/battle/drop", battles.drop, name="rating-battle-drop"),
    path("rate/<str:key>/done", rating.done, name="rating-done"),
    path("projects/<slug:slug>/data/upload/judgments", records.upload, name="upload-judgments"),
]
