"""A short way for signed messages: past the middleware that is there for people and their browsers."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import bind_contextvars, clear_contextvars

from beckn.views import ReceiveView

PREFIX = "/beckn/"


class MessageLane:
    """The first middleware: answers POST /beckn/<action> itself.

    Sessions, CSRF, sign-in, CSP and redirects have no say over a message whose signature is its passport, and they
    cost as much as receiving it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.receive = ReceiveView.as_view()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST" or not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        # This thread served another request before.
        clear_contextvars()
        bind_contextvars(request_id=str(uuid.uuid4()))
        return self.receive(request, action=request.path_info.removeprefix(PREFIX)).render()
