"""GET /metrics, for those who know the token or, where none is set, for this machine alone."""

from __future__ import annotations

import hmac
import ipaddress

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from beckn.metrics import reading
from beckn.metrics.gauges import gauges
from beckn.metrics.text import CONTENT_TYPE, exposition
from offers.book import book_lag

log = structlog.get_logger(__name__)

#: Any of these says that a proxy passed the request on: then the peer's address is not the sender's.
PASSED_ON = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_PROTO")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the page; 401 without the token, 404 to other machines where there is no token."""
    refused = refusal(request)
    if refused is not None:
        return refused
    try:
        page = exposition(gauges(reading.read(), book_lag=book_lag()))
    except DatabaseError as error:
        log.warning("metrics_not_read", error=type(error).__name__)
        return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain")
    return HttpResponse(page, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def refusal(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to somebody who may not see the page, else None."""
    token = settings.METRICS_TOKEN
    if token:
        given = request.META.get("HTTP_AUTHORIZATION", "")
        if hmac.compare_digest(given.encode("utf-8", "surrogateescape"), f"Bearer {token}".encode()):
            return None
        return HttpResponse("Send the token.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    if is_loopback(request.META.get("REMOTE_ADDR", "")) and not any(name in request.META for name in PASSED_ON):
        return None
    return HttpResponse("Not found.\n", status=404, content_type="text/plain")


def is_loopback(address: str) -> bool:
    """Tell whether the peer is this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
