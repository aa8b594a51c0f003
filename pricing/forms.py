"""The form of a tariff: the thing and its draft as one."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from cpo_portal.accounts.tenancy import current_cpo
from cpo_portal.adminkit.widgets import Checkbox, DecimalInput
from pricing.authoring import TariffContent, content_of, working_version
from pricing.authoring.places import Place, other_tariff_at, refusal_of
from pricing.authoring.tariffs import checked
from pricing.engine.values import Fee
from pricing.engine.wording import plain_number
from pricing.forms_rows import RowsField, RowsWidget
from pricing.models import Tariff, TariffAssignment

_KWH = Decimal(1000)
EVERYWHERE = Q(location=None, connector=None, connector_type="")


class FeeRows(RowsWidget):
    """Rows of a name and an amount."""

    template_name = "pricing/admin/fee_rows.html"
    parts = ("code", "title", "amount")

    def is_blank(self, row: dict[str, Any]) -> bool:
        return not row["title"] and not row["amount"]


class FeesField(RowsField):
    """Fees of a session; a fee keeps its code when it is renamed."""

    widget = FeeRows

    def clean(self, value: Any) -> tuple[Fee, ...]:
        fees, faults = [], []
        for position, row in enumerate(value or [], start=1):
            try:
                fees.append(Fee(row["code"], row["title"], Decimal(row["amount"])))
            except InvalidOperation:
                faults.append(f"Fee {position}: give an amount such as 10.00.")
        if faults:
            raise ValidationError(faults)
        return tuple(fees)


class TariffForm(forms.ModelForm):  # type: ignore[type-arg]
    """A tariff with what its draft says."""

    rate = forms.DecimalField(label="Price per kWh", widget=DecimalInput, max_digits=14, decimal_places=4)
    fees = FeesField(required=False, help_text="Charged once per session, on top of the energy.")
    minimum_kwh = forms.DecimalField(
        label="Least energy (kWh)", widget=DecimalInput, required=False, max_digits=9, decimal_places=3
    )
    maximum_kwh = forms.DecimalField(
        label="Most energy (kWh)", widget=DecimalInput, required=False, max_digits=9, decimal_places=3
    )

    everywhere = forms.BooleanField(
        label="Applies everywhere",
        required=False,
        widget=Checkbox,
        help_text="At every connector for which no other tariff is named more closely.",
    )

    class Meta:
        model = Tariff
        fields = ["name", "tariff_id"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = self._cpo().currency
        if "rate" in self.fields:
            self.fields["rate"].help_text = f"In {currency}, before tax; the tax profile adds the tax."
        version = working_version(self.instance) if self.instance.pk else None
        if version is not None:
            self.initial.update(_initial(content_of(version)))
            self.initial["everywhere"] = TariffAssignment.objects.filter(EVERYWHERE, tariff=self.instance).exists()

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            self.instance.cpo = self._cpo()
            try:
                checked(self.instance, self.content())
            except ValidationError as refusal:
                for name, faults in refusal.message_dict.items():
                    self.add_error({"minimum_wh": "minimum_kwh", "maximum_wh": "maximum_kwh"}.get(name, name), faults)
            if self.cleaned_data["everywhere"] and (other := other_tariff_at(self.instance, Place())) is not None:
                self.add_error("everywhere", refusal_of(Place(), other))
        return self.cleaned_data

    def content(self) -> TariffContent:
        """Return what the form says."""
        data = self.cleaned_data
        return TariffContent(
            rate=data["rate"],
            fees=data["fees"],
            minimum_wh=_wh(data["minimum_kwh"]),
            maximum_wh=_wh(data["maximum_kwh"]),
        )

    def _cpo(self) -> Any:
        return self.instance.cpo if self.instance.cpo_id else current_cpo()


class AssignmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """One place where the tariff applies; its fields are made per request, inside the CPO's scope."""

    def validate_constraints(self) -> None:
        """Leave them to the formset, which can name the other tariff."""

    def place(self) -> Place:
        """Return the place that the row names."""
        data = self.cleaned_data
        return Place(data.get("location"), data.get("connector"), data.get("connector_type") or "")


class AssignmentFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """The places of one tariff; everywhere is no row but a tick of the form."""

    def clean(self) -> None:
        super().clean()
        seen: set[Place] = set()
        for form in self.kept_forms():
            place = form.place()
            if place.connector is not None and (place.location is not None or place.connector_type):
                form.add_error(None, "Name either one connector, or a location and a connector type.")
            elif place in seen:
                form.add_error(None, "This place is there twice: remove one.")
            elif (other := other_tariff_at(self.instance, place)) is not None:
                form.add_error(None, refusal_of(place, other))
            seen.add(place)

    def kept_forms(self) -> Iterable[Any]:
        """Return the rows that stay or are new."""
        for form in self.forms:
            kept = form.is_valid() and form not in self.deleted_forms
            if kept and (form.instance.pk or form.has_changed()):
                yield form

    def validate_unique(self) -> None:
        """Leave it to `clean`, whose sentences say what to do."""

    def places(self) -> list[Place]:
        """Return where the tariff is to apply."""
        return [form.place() for form in self.kept_forms()]


def _initial(content: TariffContent) -> dict[str, Any]:
    return {
        "rate": plain_number(content.rate),
        "fees": [{"code": fee.code, "title": fee.title, "amount": f"{fee.amount:.2f}"} for fee in content.fees],
        "minimum_kwh": _kwh(content.minimum_wh),
        "maximum_kwh": _kwh(content.maximum_wh),
    }


def _wh(kwh: Decimal | None) -> int | None:
    return None if kwh is None else int(kwh * _KWH)


def _kwh(wh: int | None) -> str | None:
    return None if wh is None else plain_number(Decimal(wh) / _KWH)
