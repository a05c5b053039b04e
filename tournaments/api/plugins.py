"""The plug-ins of this app."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api.docs import responses
from arena.api.plugins import PluginList, listing
from tournaments.formats import registry as formats
from tournaments.ratings import registry as methods


@extend_schema(tags=["tournaments"])
class Formats(APIView):
    @extend_schema(
        summary="List tournament formats and the schema of their params",
        responses=responses(PluginList),
    )
    def get(self, request: Request) -> Response:
        return Response(listing(formats))


@extend_schema(tags=["rankings"])
class RatingMethods(APIView):
    @extend_schema(
        summary="List rating methods and the schema of their params",
        responses=responses(PluginList),
    )
    def get(self, request: Request) -> Response:
        return Response(listing(methods))
