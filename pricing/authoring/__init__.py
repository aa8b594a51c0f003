"""Authoring of tariffs, the same for the admin and the API: drafts, publishing, ending, and where they apply."""

from pricing.authoring.content import TariffContent, content_of
from pricing.authoring.places import Place, places_of
from pricing.authoring.tariffs import (
    create_tariff,
    end,
    lock_tariff,
    publish,
    rename,
    save_draft,
    working_version,
)

__all__ = [
    "Place",
    "TariffContent",
    "content_of",
    "create_tariff",
    "end",
    "lock_tariff",
    "places_of",
    "publish",
    "rename",
    "save_draft",
    "working_version",
]
