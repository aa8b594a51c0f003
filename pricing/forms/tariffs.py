"""The form of a tariff: the thing and its draft as one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import current_cpo
from cpo_portal.adminkit.display import sign
from cpo_portal.adminkit.widgets import Checkbox, DecimalInput, Select, TextInput
from cpo_portal.network.models import ConnectorType
from pricing.authoring import TariffContent, content_of, working_version
from pricing.authoring.ceilings import refuse_above
from pricing.authoring.claims import conflicts_of
from pricing.authoring.components import in_rows
from pricing.authoring.content import WHEELING_TITLE, checked
from pricing.authoring.places import EVERYWHERE, Place, faults_of
from pricing.engine.values import PricingModel, Wheeling, WheelingBasis
from pricing.engine.wording import plain_number
from pricing.forms.places import connector_choices, location_choices
from pricing.forms.prices import FeesField, PricesField
from pricing.forms.rows import IdsField, LocalDateTimeField, RowsField, RowsWidget
from pricing.models import PricingModelChoice, Tariff
from pricing.versions.validity import Period

_KWH = Decimal(1000)
#: Where the form shows what the domain refuses.
_FIELDS = {
    "minimum_wh": "minimum_kwh",
    "maximum_wh": "maximum_kwh",
    "currency": "rate",
    "wheeling": "wheeling_amount",
}


class PlaceRows(RowsWidget):
    """Rows of a location and a connector type."""

    template_name = "pricing/admin/place_rows.html"
    parts = ("location_id", "connector_type")

    def extra_context(self) -> dict[str, Any]:
        return {"locations": location_choices(), "types": ConnectorType.choices}


class PlacesField(RowsField):
    """Locations, connector types, or one at the other."""

    widget = PlaceRows

    def clean(self, value: Any) -> tuple[Place, ...]:
        return tuple(Place(row["location_id"], connector_type=row["connector_type"]) for row in value or [])

    def prepare_value(self, value: Any) -> Any:
        return [row if isinstance(row, dict) else _row_of(row) for row in value or []]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return sorted(initial or []) != sorted(self.clean(data))


def _row_of(place: Place) -> dict[str, str]:
    return {"location_id": place.location_id, "connector_type": place.connector_type}


def _number(label: str, help_text: str = "", *, digits: int = 14, places: int = 2) -> forms.DecimalField:
    """Return a field for an amount that may be left empty."""
    return forms.DecimalField(
        label=label,
        widget=DecimalInput,
        required=False,
        max_digits=digits,
        decimal_places=places,
        help_text=help_text,
    )


class TariffForm(forms.ModelForm):  # type: ignore[type-arg]
    """A tariff with what its draft says."""

    model = forms.ChoiceField(
        label="Pricing model",
        choices=PricingModelChoice.choices,
        widget=Select,
        help_text="A subscription includes the energy that a driver has left on a balance of energy; beyond it, and "
        "for drivers without one, the prices below hold.",
    )
    rate = _number("Price per kWh", places=4)
    components = PricesField(
        label="Other prices",
        required=False,
        help_text="Per kWh at certain hours, per minute, or per session; on the clock of each location. Charging lasts "
        "until the register rose for the last time, pauses before it included; idling is to stand there after that. "
        "Hours past midnight are of two days: each counts by its own day.",
    )
    fees = FeesField(required=False, help_text="Charged once per session, on top of the energy.")
    minimum_kwh = _number("Least energy (kWh)", digits=9, places=3)
    maximum_kwh = _number("Most energy (kWh)", digits=9, places=3)
    minimum_price = _number(
        "Least price of charging",
        "Of energy, charging time and price per session together; a session without energy costs less.",
    )
    maximum_price = _number("Highest price of charging", "Idle time, fees, surge and tax come on top.")
    wheeling_amount = _number("Wheeling charge", "Passed through as it is: neither surged nor discounted.", places=4)
    wheeling_basis = forms.ChoiceField(
        label="Wheeling charge is per", choices=[("ORDER", "order"), ("KWH", "kWh")], widget=Select, required=False
    )
    wheeling_title = forms.CharField(
        label="Name of the wheeling charge", widget=TextInput, required=False, max_length=100
    )
    valid_from = LocalDateTimeField(
        label="For sessions that start from", required=False, help_text="Empty is from now on."
    )
    valid_until = LocalDateTimeField(
        label="For sessions that start before",
        required=False,
        help_text="Afterwards the version published before it holds again, if there is one.",
    )

    everywhere = forms.BooleanField(
        label="Applies everywhere",
        required=False,
        widget=Checkbox,
        help_text="At every connector for which no other tariff is named more closely.",
    )
    places = PlacesField(
        label="At locations, or for connector types",
        required=False,
        help_text="A location, a connector type, or a type at one location.",
    )
    item_ids = IdsField(label="At single connectors", required=False, help_text="A connector's own tariff comes first.")

    class Meta:
        model = Tariff
        fields = ["name", "tariff_id"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = self._cpo().currency
        if "rate" in self.fields:
            before_tax = f"In {sign(currency)}, before tax, which the tax profile adds"
            self.fields["rate"].help_text = f"{before_tax}; wherever no other price per kWh holds."
        for name in ("valid_from", "valid_until"):
            if name in self.fields:
                field: Any = self.fields[name]
                field.zone = ZoneInfo(self._cpo().time_zone)
        version = working_version(self.instance) if self.instance.pk else None
        if version is not None:
            self.initial.update(_initial(content_of(version)))
        item_ids: Any = self.fields.get("item_ids")
        if item_ids is not None:
            item_ids.offer(connector_choices(), tuple(self.initial.get("item_ids", ())))

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.instance.cpo = self._cpo()
        if not self.errors:
            try:
                content = checked(self.instance, self.content())
                if "_publish" in self.data:  # a draft may be above a ceiling, and its page tells
                    refuse_above(content)
            except ValidationError as refusal:
                for name, faults in refusal.message_dict.items():
                    if name != "places":
                        self.add_error(_FIELDS.get(name, name), faults)
            self._check_places()
        return self.cleaned_data

    def _check_places(self) -> None:
        places = self.content_places()
        faults = faults_of(self.instance, places)
        if "_publish" in self.data:
            data = self.cleaned_data
            period = Period(data.get("valid_from"), data.get("valid_until"))
            faults |= conflicts_of(self.instance, places, period)
            if not places:
                self.add_error("everywhere", "It applies nowhere: tick this, or name a place, before you publish it.")
        for place, sentence in faults.items():
            field = "everywhere" if place == EVERYWHERE else "item_ids" if place.item_id else "places"
            self.add_error(field, sentence)

    def content(self) -> TariffContent:
        """Return what the form says."""
        data = self.cleaned_data
        same = ("rate", "components", "fees", "minimum_price", "maximum_price", "valid_from", "valid_until")
        return TariffContent(
            **{name: data[name] for name in same},
            model=PricingModel(data["model"]),
            minimum_wh=_wh(data["minimum_kwh"]),
            maximum_wh=_wh(data["maximum_kwh"]),
            wheeling=_wheeling(data),
            places=self.content_places(),
        )

    def content_places(self) -> tuple[Place, ...]:
        """Return where the form says that it applies."""
        data = self.cleaned_data
        single = tuple(Place(item_id=item_id) for item_id in data["item_ids"])
        return ((EVERYWHERE,) if data["everywhere"] else ()) + data["places"] + single

    def _cpo(self) -> Any:
        return self.instance.cpo if self.instance.cpo_id else current_cpo()


def _initial(content: TariffContent) -> dict[str, Any]:
    wheeling = content.wheeling
    return {
        "model": content.model.value,
        "rate": None if content.rate is None else plain_number(content.rate),
        "components": in_rows(content.components),
        "fees": [{"code": fee.code, "title": fee.title, "amount": f"{fee.amount:.2f}"} for fee in content.fees],
        "minimum_kwh": _kwh(content.minimum_wh),
        "maximum_kwh": _kwh(content.maximum_wh),
        "minimum_price": content.minimum_price,
        "maximum_price": content.maximum_price,
        "wheeling_amount": plain_number(wheeling.amount) if wheeling else None,
        "wheeling_basis": wheeling.basis.value if wheeling else WheelingBasis.ORDER.value,
        "wheeling_title": wheeling.title if wheeling else "",
        "valid_from": content.valid_from,
        "valid_until": content.valid_until,
        "everywhere": EVERYWHERE in content.places,
        "places": tuple(place for place in content.places if place != EVERYWHERE and not place.item_id),
        "item_ids": tuple(place.item_id for place in content.places if place.item_id),
    }


def _wheeling(data: dict[str, Any]) -> Wheeling | None:
    if data["wheeling_amount"] is None:
        return None
    basis = WheelingBasis(data["wheeling_basis"] or WheelingBasis.ORDER)
    return Wheeling(data["wheeling_title"].strip() or WHEELING_TITLE, data["wheeling_amount"], basis)


def _wh(kwh: Decimal | None) -> int | None:
    return None if kwh is None else int(kwh * _KWH)


def _kwh(wh: int | None) -> str | None:
    return None if wh is None else plain_number(Decimal(wh) / _KWH)
