"""The fields of an offer's form that say what it combines with."""

from __future__ import annotations

from typing import Any

from django import forms

from cpo_portal.adminkit.widgets import TextInput
from offers.models import Offer, OfferState, OfferVersion
from offers.names import offer_names
from pricing.forms.rows import IdsField


def _group_field() -> forms.Field:
    column: Any = OfferVersion._meta.get_field("exclusivity_group")
    # Capital letters are written small when the offer is saved, so the name is checked there.
    field: forms.Field = column.formfield(widget=TextInput)
    field.validators = [x for x in field.validators if x not in column.validators]
    return field


class StackingFields(forms.Form):
    """The group and the offers that are never applied beside this one."""

    exclusivity_group = _group_field()
    excludes = IdsField(
        label="Never together with",
        required=False,
        help_text="It holds both ways: none of these is applied beside this offer, nor this one beside them.",
    )

    def fit_stacking(self, cpo: Any) -> None:
        """Offer the CPO's other offers to choose from; inside its scope."""
        offers = Offer.objects.filter(cpo=cpo).exclude(state=OfferState.ARCHIVED)
        own = getattr(self, "instance", None)
        if own is not None and own.pk:
            offers = offers.exclude(pk=own.pk)
        names = offer_names()
        ids = offers.order_by("offer_id").values_list("offer_id", flat=True)
        choices = [(x, f"{names[x]} ({x})" if x in names else x) for x in ids]
        field: Any = self.fields["excludes"]
        field.offer(choices, tuple(self.initial.get("excludes") or ()))
