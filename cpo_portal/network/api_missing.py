"""What is said at an address that is none: JSON under /api/, the portal's page elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.defaults import page_not_found

MESSAGE = "There is nothing at this address; /api/schema/ lists all that there are."


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler404."""
    if request.path_info.startswith("/api/"):
        return JsonResponse({"error": {"code": "not_found", "message": MESSAGE}}, status=404)
    return page_not_found(request, exception)
