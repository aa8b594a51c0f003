"""The driver's consent to a surge as buyer apps are told: that it is needed, and that it was given."""

from __future__ import annotations

from beckn.models import NetworkProfile
from beckn.protocol.order_views import SurchargeConsentView
from cpo_portal.charging.models import Order
from offers.consents import consent_of, text_of
from offers.models import Quote
from offers.priced import PricedSession
from pricing.engine.money import Money


def consent_asked(stored: Quote, priced: PricedSession) -> SurchargeConsentView | None:
    """Return what a driver must agree to before an order, None where nothing; in the CPO's scope."""
    text = text_of(priced)
    if not text.parts or not NetworkProfile.objects.filter(cpo=stored.cpo_id, surge_consent_required=True).exists():
        return None
    return SurchargeConsentView(True, False, str(stored.pk), text.amount, text.words, text.text_hash)


def consent_given(order: Order) -> SurchargeConsentView | None:
    """Return what the driver has agreed to, None where nothing was asked; in the CPO's scope."""
    consent = consent_of(order)
    if consent is None:
        return None
    words = " ".join(part["words"] for part in consent.parts)
    amount = Money(consent.amount, consent.currency)
    return SurchargeConsentView(consent.required, True, str(consent.quote_id), amount, words, consent.text_hash)
