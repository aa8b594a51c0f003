"""The form of a surge: the schedule and its draft as one."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.accounts.tenancy import current_cpo
from cpo_portal.adminkit.display import sign
from cpo_portal.adminkit.rows import WindowsField
from cpo_portal.adminkit.widgets import (
    Checkbox,
    CheckboxSelectMultiple,
    DecimalInput,
    IntegerInput,
    Select,
    SuggestInput,
    Textarea,
)
from cpo_portal.charging.models import Segment
from cpo_portal.network.models import ConnectorType, Product
from pricing.engine.values import SurgeBasis
from pricing.engine.wording import plain_number
from pricing.forms.places import charger_choices, connector_choices, location_choices, tag_choices
from pricing.forms.rows import DatesField, IdsField, LinesField, LocalDateTimeField, ThousandsField
from pricing.models import (
    HolidayCalendar,
    SignalKindChoice,
    SurgeBasisChoice,
    SurgeKindChoice,
    SurgeSchedule,
    SurgeState,
    SurgeVersion,
)
from pricing.surges.content import Exemptions, Scope, SurgeContent, checked, content_of
from pricing.surges.kinds import FAMILIES, FAMILY_NAMES, SignalKind
from pricing.surges.schedules import DRAFTS

#: The parts of a content that are lists of names; the form gives them as lists of texts.
_SAME = ("stacking_group", "explanation", "weekly_windows", "holiday_calendar", "dates", "value", "maximum_amount")
_INSTANTS = ("valid_from", "valid_until")


def grouped_kinds() -> list[tuple[str, Any]]:
    """Return the kinds as a form offers them, by family; none is chosen before somebody does."""
    labels = dict(SurgeKindChoice.choices)
    return [("", "—")] + [
        (name, [(kind.value, labels[kind.value]) for kind, found in FAMILIES.items() if found is family])
        for family, name in FAMILY_NAMES.items()
    ]


def _ids(label: str, help_text: str = "") -> IdsField:
    return IdsField(label=label, required=False, help_text=help_text)


class WhereFields(forms.Form):
    """Where a surge applies: what is filled in must hold, of several names in one field one."""

    location_ids = _ids("Locations", "None means every location.")
    location_tags = _ids(
        "Location tags", "Only at locations with one of these tags; one that is tagged later pays after the notice."
    )
    charger_ids = _ids("Chargers", "None means every charger.")
    item_ids = _ids("Connectors", "None means every connector.")
    connector_types = _ids("Connector types", "None means every type.")
    min_power_w = ThousandsField(label="From a power of (kW)", help_text="The connector's rating; empty is no limit.")
    max_power_w = ThousandsField(label="Up to a power of (kW)")
    product_ids = _ids("Products", "Only sessions that order one of these, such as a valet.")


class ExemptFields(forms.Form):
    """Who does not pay a surge: whoever fits any of these."""

    segment_ids = _ids("Segments")
    bap_ids = LinesField(label="Buyer apps", help_text="Their subscriber ids, one on each line.")
    organisations = LinesField(label="Organisations", help_text="Drivers of these, one on each line.")
    vehicle_makes = LinesField(label="Makes of car", help_text="One on each line.")
    below_charge_percent = forms.IntegerField(
        label="Batteries below (%)",
        required=False,
        widget=IntegerInput,
        help_text="As the buyer app says; who says nothing pays.",
    )
    first_session = forms.BooleanField(label="A driver's first session", required=False, widget=Checkbox)


class SurgeForm(WhereFields, ExemptFields, forms.ModelForm):  # type: ignore[type-arg]
    """A surge schedule with what its draft says."""

    kind = forms.ChoiceField(choices=grouped_kinds, widget=Select, help_text="What it is for; it changes no price.")
    basis = forms.ChoiceField(
        label="It adds", choices=SurgeBasisChoice.choices, widget=Select, initial=SurgeBasis.PERCENT.value
    )
    value = forms.DecimalField(label="How much", max_digits=14, decimal_places=4, widget=DecimalInput)
    maximum_amount = forms.DecimalField(
        label="At most per session",
        required=False,
        max_digits=14,
        decimal_places=2,
        widget=DecimalInput,
        help_text="Empty: no limit of its own; the surge policy may have one for all surges.",
    )
    stacking_group = forms.CharField(
        required=False,
        max_length=40,
        widget=SuggestInput,
        help_text="Of surges of one group that hold at the same time, only the largest is charged. Empty: it comes "
        "beside all others.",
    )
    explanation = forms.CharField(
        label="Explanation for drivers",
        required=False,
        max_length=300,
        widget=Textarea(attrs={"rows": 2}),
        help_text="Why it is charged, in a sentence that a driver understands.",
    )
    weekly_windows = WindowsField(
        required=False,
        label="Hours",
        help_text="Only at these times, on the clock of each location; none means always. Energy that flows outside of "
        "them is not surged.",
    )
    holiday_calendar = forms.ChoiceField(
        label="On the holidays of",
        required=False,
        widget=Select,
        help_text="A day counts once it has stood in the calendar for as long as a rise is announced.",
    )
    dates = DatesField(required=False, label="On these dates", help_text="Beside the holidays, if a calendar is named.")
    signal_kinds = forms.MultipleChoiceField(
        label="Only while one of these is signalled",
        required=False,
        choices=SignalKindChoice.choices,
        widget=CheckboxSelectMultiple,
        help_text="A person or a machine enters signals; none ticked means that it waits for no signal.",
    )
    valid_from = LocalDateTimeField(label="From", required=False)
    valid_until = LocalDateTimeField(
        label="Until",
        required=False,
        help_text="Afterwards the version published before it holds again, if there is one.",
    )

    class Meta:
        model = SurgeSchedule
        fields = ["name", "schedule_id", "kind"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version: Any = DRAFTS.working(self.instance) if self.instance.pk else None
        if version is not None:
            self.initial.update(_initial(content_of(version)))
        if "value" in self.fields:
            self._fit_to(self._cpo())

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.instance.cpo = self._cpo()
        if not self.errors and "value" in self.fields:
            try:
                checked(self.instance, self.content())
            except ValidationError as refusal:
                for name, faults in refusal.message_dict.items():
                    self.add_error(name, faults)
        return self.cleaned_data

    def content(self) -> SurgeContent:
        """Return what the form says."""
        data = self.cleaned_data
        # The picker knows minutes; an instant with seconds, which only the API writes, stays as it is.
        kept = {name: self.initial.get(name) for name in _INSTANTS if name not in self.changed_data}
        return SurgeContent(
            **{name: data[name] for name in _SAME},
            **{name: data[name] for name in _INSTANTS} | kept,
            basis=SurgeBasis(data["basis"]),
            signal_kinds=tuple(SignalKind(x) for x in data["signal_kinds"]),
            scope=Scope(**{name: _plain(data[name]) for name in Scope.__slots__}),
            exemptions=Exemptions(**{name: _plain(data[name]) for name in Exemptions.__slots__}),
        )

    def _cpo(self) -> Any:
        return self.instance.cpo if self.instance.cpo_id else current_cpo()

    def _fit_to(self, cpo: Any) -> None:
        fields: Any = self.fields
        zone = ZoneInfo(cpo.time_zone)
        for name in _INSTANTS:
            fields[name].zone = zone
        clock = f"{cpo.time_zone} ({timezone.now().astimezone(zone):%Z})"
        fields["valid_from"].help_text = f"On the clock of {clock}. Empty: once its notice is over."
        fields["value"].help_text = f"In percent, or in {sign(cpo.currency)} per kWh or per session, before tax."
        fields["stacking_group"].widget.suggestions = _groups(self.instance)
        calendars = HolidayCalendar.objects.order_by("name").values_list("calendar_id", "name")
        fields["holiday_calendar"].choices = [("", "—"), *((key, f"{name} ({key})") for key, name in calendars)]
        products = Product.objects.order_by("name").values_list("product_id", "name")
        segments = Segment.objects.order_by("name").values_list("segment_id", "name")
        choices = {
            "location_ids": location_choices(),
            "location_tags": tag_choices(),
            "charger_ids": charger_choices(),
            "item_ids": connector_choices(),
            "connector_types": list(ConnectorType.choices),
            "product_ids": [(key, f"{name} ({key})") for key, name in products],
            "segment_ids": [(key, f"{name} ({key})") for key, name in segments],
        }
        for name, offered in choices.items():
            fields[name].offer(offered, tuple(self.initial.get(name) or ()))


def _groups(own: SurgeSchedule) -> list[str]:
    """Return the groups of the CPO's other surges."""
    rows = SurgeVersion.objects.exclude(stacking_group="").exclude(schedule__state=SurgeState.ARCHIVED)
    others = rows.exclude(schedule=own.pk) if own.pk else rows
    return sorted(set(others.values_list("stacking_group", flat=True)))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _initial(content: SurgeContent) -> dict[str, Any]:
    said = {name: getattr(content, name) for name in (*_SAME, *_INSTANTS)}
    said |= {name: getattr(content.scope, name) for name in Scope.__slots__}
    said |= {name: getattr(content.exemptions, name) for name in Exemptions.__slots__}
    signals = [x.value for x in content.signal_kinds]
    return said | {"basis": content.basis.value, "value": plain_number(content.value), "signal_kinds": signals}
