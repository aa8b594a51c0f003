"""What is answered where no view does: 404 at an unknown address, 503 while the database is away, 500 after a fault."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.views.defaults import page_not_found

RETRY_AFTER_SECONDS = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer in the form that the address speaks: JSON with `error` under /api/, else a page."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    response: HttpResponse
    if request.path_info.startswith("/api/"):
        code, message = (
            ("unavailable", "The platform is not available now; send the request again in a moment.")
            if away
            else ("fault", "A fault on our side: nothing was saved. Send the request again in a moment.")
        )
        response = JsonResponse({"error": {"code": code, "message": message}})
    else:
        # Without a request: context processors would read the database.
        response = HttpResponse(loader.get_template("503.html" if away else "500.html").render())
    response.status_code = 503 if away else 500
    if away:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 where there is no such address."""
    if request.path_info.startswith("/api/"):
        message = "There is nothing at this address; /api/schema/ lists all that there are."
        return JsonResponse({"error": {"code": "not_found", "message": message}}, status=404)
    return page_not_found(request, exception)
