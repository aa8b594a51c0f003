"""Authoring of offers, the same for the admin and the API: content, drafts, moves and limits."""

from offers.authoring.content import OfferContent, content_of
from offers.authoring.drafts import create_offer, discard_draft, save_draft, working_version
from offers.authoring.limits import limits_of, set_limits
from offers.authoring.moves import archive, end, pause, perform, publish, resume, withdraw

__all__ = [
    "OfferContent",
    "archive",
    "content_of",
    "create_offer",
    "discard_draft",
    "end",
    "limits_of",
    "pause",
    "perform",
    "publish",
    "resume",
    "save_draft",
    "set_limits",
    "withdraw",
    "working_version",
]
