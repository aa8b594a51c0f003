"""How a public page is answered: the same for everybody, for a minute, and with a tag by which it is not sent again."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

#: So long may a browser or a proxy show what it has: an emergency stop is seen within it.
FRESH_SECONDS = 60


def page_response(request: HttpRequest, page: object | None, template: str, *, without: str) -> HttpResponse:
    """Answer with a page in its template; where there is none, 404 with the template `without`."""
    # Without the request: context processors would read the session, and the page is the same for everybody.
    body = loader.get_template(template if page is not None else without).render({"page": page})
    if page is None:
        # What is not there yet may be the next moment.
        return HttpResponse(body, status=404, headers={"Cache-Control": "no-cache"})
    headers = {"Cache-Control": f"public, max-age={FRESH_SECONDS}"}
    etag = quote_etag(hashlib.sha256(body.encode()).hexdigest()[:32])
    response = HttpResponse(body, headers=headers | {"ETag": etag})
    answer: HttpResponse = get_conditional_response(request, etag=etag, response=response) or response
    return answer
