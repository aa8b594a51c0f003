"""The address to which buyer apps and gateways post; everything is decided in `beckn.receive`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, UnreadablePostError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from beckn.protocol.jsontext import MAX_BYTES
from beckn.receive import Posted, receive
from cpo_portal.accounts.rates import address_of


class AlwaysJson(BaseContentNegotiation):
    """The protocol speaks JSON, whatever a client's Accept says."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ReceiveView(APIView):
    """POST /beckn/<action>: ACK or NACK; the signature is the authentication."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = ()
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = AlwaysJson
    schema = None

    def post(self, request: Request, action: str) -> Response:
        meta = request._request.META
        posted = Posted(
            action=action,
            raw=read_body(request._request),
            authorization=meta.get("HTTP_AUTHORIZATION", ""),
            gateway=meta.get("HTTP_X_GATEWAY_AUTHORIZATION", ""),
            address=address_of(meta),
        )
        answer = receive(posted)
        return Response(answer.body, status=answer.status, headers=dict(answer.headers))


def read_body(request: HttpRequest) -> bytes:
    """Return the body as it came; one byte more than allowed is enough to refuse it, the rest is not read."""
    try:
        return request.read(MAX_BYTES + 1)
    except UnreadablePostError:
        return b""  # the sender hung up: what came bears no signature
