"""Where the public page of a surge stands; `offers` serves it, beside those of offers."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse


def surge_page_url(provider_id: str, schedule_id: str) -> str:
    """Return the absolute address of a surge's public page; it stays the same for as long as the surge has its id."""
    return f"{settings.BASE_URL}{reverse('public-surge', args=[provider_id, schedule_id])}"
