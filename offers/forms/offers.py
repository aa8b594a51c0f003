"""The form of an offer: the thing, its draft and its limits as one, in the order of the ONDC construct."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import models
from django.utils import timezone

from cpo_portal.accounts.tenancy import current_cpo
from cpo_portal.adminkit.display import sign
from cpo_portal.adminkit.rows import WindowsField
from cpo_portal.adminkit.widgets import (
    Checkbox,
    DecimalInput,
    IntegerInput,
    Select,
    Textarea,
    TextInput,
)
from cpo_portal.network.models import Product
from offers.authoring import OfferContent, content_of, working_version
from offers.authoring.conditions import check_counted
from offers.authoring.content import CONTENT_FIELDS, LISTS, checked, content_from
from offers.authoring.giving import check_turns
from offers.authoring.ids import check_offer_id
from offers.authoring.limits import LIMIT_FIELDS, check_limits_of
from offers.authoring.linting import check_publishable
from offers.authoring.texts import LONGEST
from offers.authoring.unread import partly, refused_by
from offers.campaigns.filling import first_period
from offers.engine.values import OfferLimits
from offers.forms.conditions import ConditionFields
from offers.forms.days import DaysFields
from offers.forms.giving import GivingFields
from offers.forms.limits import LimitFields
from offers.forms.stacking import StackingFields
from offers.forms.types import TypeFields, content_values
from offers.forms.where import WhereFields
from offers.models import Offer, OfferState, OfferVersion
from offers.names import category_names
from offers.segments import segment_choices
from offers.type_words import explain_types
from pricing.forms.places import connector_choices, location_choices
from pricing.forms.rows import IdsField, LocalDateTimeField

_WIDGETS: dict[type[models.Field[Any, Any]], type[forms.Widget]] = {
    models.TextField: Textarea,
    models.DecimalField: DecimalInput,
    models.BooleanField: Checkbox,
    models.PositiveIntegerField: IntegerInput,
    models.SmallIntegerField: IntegerInput,
}

_IDS = ("location_ids", "item_ids", "categories")


def _field(model: type[models.Model], name: str) -> forms.Field:
    """Return the model's own form field with the theme's widget."""
    column: Any = model._meta.get_field(name)
    widget = Select if column.choices else _WIDGETS.get(type(column), TextInput)
    field: forms.Field = column.formfield(widget=widget)
    return field


class OfferForm(  # type: ignore[type-arg]
    TypeFields, GivingFields, StackingFields, WhereFields, DaysFields, ConditionFields, forms.ModelForm, LimitFields
):
    """An offer with what its draft says and its limits."""

    name = _field(OfferVersion, "name")
    short_desc = _field(OfferVersion, "short_desc")
    long_desc = _field(OfferVersion, "long_desc")
    terms_text = _field(OfferVersion, "terms_text")
    image_url = _field(OfferVersion, "image_url")
    campaign_kind = _field(OfferVersion, "campaign_kind")
    display_code = _field(OfferVersion, "display_code")
    requires_code = _field(OfferVersion, "requires_code")
    single_use_codes = _field(OfferVersion, "single_use_codes")
    location_ids = IdsField(label="Locations", required=False, help_text="None means every location.")
    item_ids = IdsField(label="Connectors and products", required=False, help_text="None means all of them.")
    categories = IdsField(
        label="Product categories", required=False, help_text="Only with products of these categories."
    )
    segment_ids = IdsField(label="Segments", required=False, help_text="None means every customer.")
    valid_from = LocalDateTimeField()
    valid_until = LocalDateTimeField()
    weekly_windows = WindowsField(required=False)
    min_value = _field(OfferVersion, "min_value")
    benefit_kind = _field(OfferVersion, "benefit_kind")
    value_type = _field(OfferVersion, "value_type")
    value = _field(OfferVersion, "value")
    value_cap = _field(OfferVersion, "value_cap")
    base = _field(OfferVersion, "base")
    additive = _field(OfferVersion, "additive")
    auto = _field(OfferVersion, "auto")
    priority = _field(OfferVersion, "priority")

    class Meta:
        model = Offer
        fields = ["offer_id"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cpo = self._cpo()
        version = working_version(self.instance) if self.instance.pk else None
        if version is not None:
            content = content_of(version)
            self.initial.update({name: getattr(content, name) for name in CONTENT_FIELDS})
            self.initial.update({name: getattr(self.instance, name) for name in LIMIT_FIELDS})
        else:
            period = first_period(ZoneInfo(cpo.time_zone), timezone.now())
            self.initial = {**period, **self.initial}
        if "name" in self.fields:
            self._fit_to(cpo)

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.instance.cpo = self._cpo()
        # What could be read is checked beside what could not: whoever mends the one sees the other at once.
        checks: list[Any] = [*self._limit_checks(), self._check_content]
        if "_publish" in self.data and self.instance.state == OfferState.ENDED:
            self.add_error(None, "This offer has ended: save the draft, then press “Publish again”.")
        if self.instance.pk is None and "offer_id" in self.cleaned_data:
            self.instance.offer_id = self.cleaned_data["offer_id"]
            checks.append(lambda: check_offer_id(self._cpo(), self.cleaned_data["offer_id"]))
        for name, faults in refused_by(*checks).items():
            self.add_error(name if name in self.fields else None, faults)
        return self.cleaned_data

    def _check_content(self) -> None:
        unread = self._unread(CONTENT_FIELDS)
        content = checked(self.instance, self.content(), unread)
        if "_publish" in self.data and not unread:
            check_publishable(self.instance, content, timezone.now())

    def _limit_checks(self) -> list[Any]:
        unread, limits = self._unread(LIMIT_FIELDS), self.limits()
        said = partly(limits, unread)
        checks: list[Any] = [lambda: check_limits_of(self.instance, limits, unread)]
        if "_publish" in self.data:
            checks.append(lambda: check_counted(self.cleaned_data.get("nth_session"), said))
            checks.append(lambda: check_turns(self.cleaned_data.get("item_unit", ""), said))
        return checks

    def _unread(self, names: Iterable[str]) -> frozenset[str]:
        """Return those of these fields that were refused as they stand."""
        return frozenset(name for name in names if name in self.fields and name not in self.cleaned_data)

    def content(self) -> OfferContent:
        """Return what the form says; of fields that could not be read, nothing."""
        data = {name: self.cleaned_data[name] for name in CONTENT_FIELDS if name in self.cleaned_data}
        instants = {"valid_from", "valid_until"} - set(self.changed_data)
        data |= {name: self.initial[name] for name in instants if name in self.initial}
        data |= {name: tuple(data[name]) for name in LISTS if name in data}
        if "priority" in data:
            data["priority"] = data["priority"] or 0
        return content_from(content_values(self, data))

    def limits(self) -> OfferLimits:
        """Return the limits that the form asks for."""
        return OfferLimits(**{name: self.cleaned_data[name] for name in LIMIT_FIELDS if name in self.cleaned_data})

    def limits_changed(self) -> bool:
        """Tell whether the limits are others than those that the form was opened on."""
        return self.instance.pk is None or bool(set(self.changed_data) & set(LIMIT_FIELDS))

    def _cpo(self) -> Any:
        return self.instance.cpo if self.instance.cpo_id else current_cpo()

    def _fit_to(self, cpo: Any) -> None:
        fields: Any = self.fields
        zone = ZoneInfo(cpo.time_zone)
        for name in ("valid_from", "valid_until"):
            fields[name].zone = zone
        fields["valid_from"].help_text = f"On the clock of {cpo.time_zone} ({timezone.now().astimezone(zone):%Z})."
        fields["valid_until"].help_text = "The first minute that is too late: Monday 00:00 includes all of Sunday."
        fields["weekly_windows"].help_text = (
            "Only at these times, on the clock of each location; none means always. Leave both times empty for the "
            "whole day; 00:00 ends the day. A window that ends before it starts goes past midnight, and the hours "
            "after midnight count by their own day."
        )
        fields["min_value"].help_text = f"In {sign(cpo.currency)}: energy, time and products before fees and tax."
        fields["slabs"].label = slabs_label(cpo.currency)
        fields["base"].label = "Taken off"
        fields["base"].help_text = "Surge is what busy hours add to the price; fees and tax are never reduced."
        fields["auto"].help_text = "Otherwise the driver chooses it."
        fields["short_desc"].help_text = "Shown in the lists of buyer apps."
        for name in ("long_desc", "terms_text"):
            fields[name].widget.attrs["rows"] = 3
            fields[name].help_text = f"{fields[name].help_text} At most {LONGEST[name]:,} characters.".strip()
        fields["image_url"].help_text = "For buyer apps; it begins with https://."
        self.explain_limits(currency=cpo.currency, zone=cpo.time_zone)
        self.fit_stacking(cpo)
        chosen = {name: tuple(self.initial.get(name) or ()) for name in (*_IDS, "qualifier_item_ids")}
        items = _items()
        fields["location_ids"].offer(location_choices(), chosen["location_ids"])
        fields["item_ids"].offer(items, chosen["item_ids"])
        fields["qualifier_item_ids"].offer(items, chosen["qualifier_item_ids"])
        fields["categories"].offer(_categories(), chosen["categories"])
        fields["segment_ids"].offer(segment_choices(), tuple(self.initial.get("segment_ids") or ()))
        self.fit_where()
        self.fit_days()
        self.fit_conditions()
        self.fit_giving(cpo.currency)
        explain_types(fields, sign(cpo.currency))


def slabs_label(currency: str) -> str:
    """Return what the form calls the slabs of a CPO with this currency."""
    return f"Slabs (amounts in {sign(currency)})"


def _items() -> list[tuple[str, str]]:
    products = Product.objects.order_by("name").values_list("product_id", "name")
    return [*connector_choices(), *((key, f"{name} ({key})") for key, name in products)]


def _categories() -> list[tuple[str, str]]:
    found = Product.objects.exclude(category="").order_by("category").values_list("category", flat=True).distinct()
    names = category_names(found)
    return [(code, names[code]) for code in found]
