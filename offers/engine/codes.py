"""The codes of an offer against those that the buyer sent: one for everybody, or one that opens it once."""

from __future__ import annotations

from offers.engine.situation import Situation
from offers.engine.values import Check, CodeStanding, OfferContext, OfferTerms, ReasonCode


def opens(offer: OfferTerms, context: OfferContext) -> bool:
    """Return whether a single-use code of this offer was sent, which asks for the offer."""
    return offer.single_use and offer.offer_id in context.single_use


def code_checks(offer: OfferTerms, situation: Situation) -> list[Check]:
    """Return the checks of the code that the offer asks for, none where it asks for none or the order holds it."""
    if not offer.requires_code or offer.offer_id in situation.context.held:
        return []
    if not offer.single_use:
        if offer.display_code.casefold() in situation.codes:
            return []
        return [Check(ReasonCode.CODE_REQUIRED, "display_code", "the offer's code", "not sent", False)]
    sent = situation.context.single_use.get(offer.offer_id)
    if sent is None:
        return [Check(ReasonCode.CODE_REQUIRED, "single_use_code", "a code of your own", "not sent", False)]
    used = sent.standing is CodeStanding.USED
    margin = "this code was used already, or another order holds it" if used else ""
    return [Check(ReasonCode.CODE_USED, "single_use_code", "unused", sent.standing.value.lower(), not used, margin)]
