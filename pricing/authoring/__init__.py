"""Authoring of tariffs, the same for the admin and the API: drafts, publishing, ending, and where they apply."""

from pricing.authoring.places import Place, assign, other_tariff_at
from pricing.authoring.tariffs import (
    TariffContent,
    content_of,
    create_tariff,
    end,
    publish,
    save_draft,
    working_version,
)

__all__ = [
    "Place",
    "TariffContent",
    "assign",
    "content_of",
    "create_tariff",
    "end",
    "other_tariff_at",
    "publish",
    "save_draft",
    "working_version",
]
