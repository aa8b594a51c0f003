"""What the price does at the edges of slabs, for their author: at the rate that drivers pay there now."""

from __future__ import annotations

from decimal import Decimal

from cpo_portal.network.models import Connector
from offers.engine.benefits import slab
from offers.engine.values import BenefitKind
from offers.mapping import offer_terms
from offers.models import Offer, OfferVersion
from pricing.engine.codec import decode
from pricing.engine.values import Dimension, PriceComponent
from pricing.engine.wording import money_text
from pricing.mapping import tariffs_for


def cliffs_in_words(offer: Offer, version: OfferVersion) -> list[str]:
    """Return a sentence for each edge at which the price jumps; inside the CPO's scope."""
    if version.benefit_kind != BenefitKind.SLAB.value:
        return []
    rate = _rate_where(version)
    if not rate:
        return []
    at = f"{money_text(rate, version.currency)}/kWh"
    return [f"At {at}, {words}." for words in slab.cliffs(offer_terms(offer, version), rate)]


def _rate_where(version: OfferVersion) -> Decimal | None:
    """Return the first rate per kWh at one of the offer's connectors, None where nothing has a price yet."""
    connectors = Connector.objects.select_related("charger").order_by("item_id")
    if version.item_ids:
        connectors = connectors.filter(item_id__in=version.item_ids)
    elif version.location_ids:
        connectors = connectors.filter(charger__location__location_id__in=version.location_ids)
    first = connectors.first()
    tariff = tariffs_for([first]).get(first.pk) if first is not None else None
    if tariff is None:
        return None
    components = decode(tuple[PriceComponent, ...], tariff.components)
    return next((part.rate for part in components if part.dimension is Dimension.ENERGY), None)
