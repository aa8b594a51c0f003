"""Offers to be shown, and what a reader of their pages reads."""

from __future__ import annotations

import re
from typing import Any

from offers import authoring
from offers.engine.values import OfferLimits
from offers.models import Offer
from tests.people import People, weekend

PAGE = "/o/cpo1.com/weekend"
#: Changes of an offer whose type has no value.
NO_VALUE: dict[str, Any] = {"value": None, "value_type": "", "value_cap": None}


def make(people: People, offer_id: str = "weekend", limits: OfferLimits | None = None, **said: Any) -> Offer:
    made = authoring.create_offer(people.here.cpo, offer_id, weekend(**said), limits=limits)
    return authoring.publish(made)


def words(answer: Any) -> str:
    """Return what a reader of the page reads."""
    text = re.sub(r"<head>.*?</head>", "", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip()
