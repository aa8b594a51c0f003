"""Where the public page of an offer stands."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse


def offer_page_url(provider_id: str, offer_id: str) -> str:
    """Return the absolute address of an offer's public page; it stays the same for as long as the offer has its id."""
    return f"{settings.BASE_URL}{reverse('public-offer', args=[provider_id, offer_id])}"
