"""Everything of the judges app under /api/v1/."""

from __future__ import annotations

from django.urls import path

from judges.api.campaign_people import (
    CampaignGold,
    CampaignLinks,
    OneGoldQuestion,
    OneRaterLink,
    Raters,
)
from judges.api.campaign_quality import CampaignQuality, RaterQuarantine
from judges.api.campaigns import (
    CampaignComparisons,
    Campaigns,
    CloseCampaign,
    OneCampaign,
    ReopenCampaign,
)
from judges.api.endpoints import Endpoints, OneEndpoint
from judges.api.reports import JudgeAgreement, JudgeReports
from judges.api.speakers import OneSpeaker, Speakers
from judges.api.trials import Trials
from judges.api.views import JudgeKinds, Judges, Judgments

urlpatterns = [
    path("judge-kinds", JudgeKinds.as_view(), name="api-judge-kinds"),
    path("projects/<slug:slug>/judges", Judges.as_view(), name="api-judges"),
    path(
        "projects/<slug:slug>/judges/<int:pk>/report",
        JudgeReports.as_view(),
        name="api-judge-report",
    ),
    path(
        "projects/<slug:slug>/judge-agreement", JudgeAgreement.as_view(), name="api-judge-agreement"
    ),
    path("projects/<slug:slug>/judges/<path:name>/try", Trials.as_view(), name="api-trial"),
    path("projects/<slug:slug>/endpoints", Endpoints.as_view(), name="api-endpoints"),
    path("projects/<slug:slug>/endpoints/<str:name>", OneEndpoint.as_view(), name="api-endpoint"),
    path("projects/<slug:slug>/speakers", Speakers.as_view(), name="api-speakers"),
    path("projects/<slug:slug>/speakers/<path:name>", OneSpeaker.as_view(), name="api-speaker"),
    path("projects/<slug:slug>/campaigns", Campaigns.as_view(), name="api-campaigns"),
    path("projects/<slug:slug>/campaigns/<str:key>", OneCampaign.as_view(), name="api-campaign"),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/close",
        CloseCampaign.as_view(),
        name="api-campaign-close",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/reopen",
        ReopenCampaign.as_view(),
        name="api-campaign-reopen",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/comparisons",
        CampaignComparisons.as_view(),
        name="api-campaign-comparisons",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/gold",
        CampaignGold.as_view(),
        name="api-campaign-gold",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/gold/<int:pk>",
        OneGoldQuestion.as_view(),
        name="api-campaign-gold-question",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/links",
        CampaignLinks.as_view(),
        name="api-campaign-links",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/links/<int:pk>",
        OneRaterLink.as_view(),
        name="api-campaign-link",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/quality",
        CampaignQuality.as_view(),
        name="api-campaign-quality",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/raters/<int:pk>/quarantine",
        RaterQuarantine.as_view(),
        name="api-campaign-rater-quarantine",
    ),
    path(
        "projects/<slug:slug>/campaigns/<str:key>/raters",
        Raters.as_view(),
        name="api-campaign-raters",
    ),
    path("projects/<slug:slug>/judgments", Judgments.as_view(), name="api-judgments"),
]
