"""How often one address may read public pages."""

from __future__ import annotations

import math

from django.http import HttpRequest, HttpResponse

from cpo_portal.accounts.rates import Buckets, address_of

#: A reader's pages at once, and each second after them; each process counts for itself.
addresses = Buckets(rate=5, burst=60)


def too_often(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to an address that asks too often, None where it may read on."""
    wait = addresses.take(address_of(request.META))
    if not wait:
        return None
    seconds = str(max(1, math.ceil(wait)))
    return HttpResponse(
        f"Too many pages; try again in {seconds} s.\n",
        status=429,
        content_type="text/plain",
        headers={"Retry-After": seconds},
    )
