"""Ids of offers: one that names nothing else that a buyer app can order, take or decline."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.balances.holds import PREPAID
from cpo_portal.network.item_ids import lock_item_ids
from cpo_portal.network.models import Connector, Product
from offers.authoring.codes import codes_like
from offers.known import all_names, is_remembering, recall
from offers.models import Offer


def check_offer_id(cpo: Cpo, offer_id: str) -> None:
    """Refuse an id that already names something a buyer app can order or decline; inside the CPO's scope."""
    if offer_id == PREPAID:
        raise ValidationError({"offer_id": f"“{offer_id}” stands for prepaid balances: give the offer another id."})
    # First what holds others who do the same: what is read after it is still so when this one is written.
    codes = codes_like(Offer(cpo=cpo), offer_id)
    if not is_remembering():
        lock_item_ids(cpo.pk)
    if is_item(offer_id):
        raise ValidationError({"offer_id": is_id_of_an_item(offer_id)})
    if other := _spelled_alike(offer_id):
        raise ValidationError({"offer_id": alike_but_for_capitals(offer_id, other)})
    if other := codes.offer_of(offer_id):
        raise ValidationError({"offer_id": is_code_of(offer_id, other)})


def is_item(offer_id: str) -> bool:
    """Tell whether this is, but for capitals, the id of a connector or of a product; inside the CPO's scope."""
    if not is_remembering():
        connectors = Connector.objects.filter(item_id__iexact=offer_id)
        return connectors.exists() or Product.objects.filter(product_id__iexact=offer_id).exists()
    return offer_id.upper() in recall("item ids in capitals", _item_ids_in_capitals)


def _item_ids_in_capitals() -> set[str]:
    return {x.upper() for x in all_names(Connector.objects, "item_id") | all_names(Product.objects, "product_id")}


def is_id_of_an_item(offer_id: str) -> str:
    return f"“{offer_id}” is the id of an item: give the offer an id of its own."


def alike_but_for_capitals(offer_id: str, other: str) -> str:
    return f"“{offer_id}” is but for capitals the id of “{other}”: choose another id."


def is_code_of(offer_id: str, other: str) -> str:
    return f"“{offer_id}” is the code of the offer {other}: give this one another id."


def is_id_of_an_offer(code: str) -> str:
    return f"“{code}” is the id of an offer, by which everybody may ask for it: choose another code."


def _spelled_alike(offer_id: str) -> str | None:
    """Return the id of an offer that differs in capitals alone: codes, which ids are compared with, have none."""
    if is_remembering():
        known: dict[str, str] = recall("offer ids by capitals", _ids_by_capitals)
        other = known.get(offer_id.upper())
    else:
        ids = Offer.objects.filter(offer_id__iexact=offer_id).exclude(offer_id=offer_id)
        other = ids.values_list("offer_id", flat=True).first()
    return None if other == offer_id else other


def _ids_by_capitals() -> dict[str, str]:
    return {name.upper(): name for name in Offer.objects.order_by().values_list("offer_id", flat=True)}
