"""The yardstick of reception: what a DRF view costs on this server that reads the body and does nothing with it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cpo_portal.urls import urlpatterns as portal


class NullView(APIView):
    """Answer any POST with as many bytes as an ACK has."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None

    def post(self, request: Request) -> Response:
        assert request._request.body
        return Response({"message": {"ack": {"status": "ACK"}}})


class NullLane:
    """Answers POST /null past the middleware, as `beckn.lane` does for messages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.view = NullView.as_view()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.view(request).render() if request.path_info == "/null" else self.get_response(request)


urlpatterns = [path("null-behind-middleware", NullView.as_view()), *portal]
