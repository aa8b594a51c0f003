"""Authoring of offers, the same for the admin and the API: content, drafts, reviews, moves, copies and limits."""

from offers.authoring.content import OfferContent, content_of
from offers.authoring.copies import duplicate, restore
from offers.authoring.drafts import create_offer, discard_draft, draft_key, lock_offer, save_draft, working_version
from offers.authoring.limits import limits_of, set_limits
from offers.authoring.moves import (
    approve,
    archive,
    check_publish,
    end,
    pause,
    perform,
    publish,
    reject,
    resume,
    submit,
    withdraw,
)
from pricing.versions.review import Actor

__all__ = [
    "Actor",
    "OfferContent",
    "approve",
    "archive",
    "check_publish",
    "content_of",
    "create_offer",
    "discard_draft",
    "draft_key",
    "duplicate",
    "end",
    "limits_of",
    "lock_offer",
    "pause",
    "perform",
    "publish",
    "reject",
    "restore",
    "resume",
    "save_draft",
    "set_limits",
    "submit",
    "withdraw",
    "working_version",
]
