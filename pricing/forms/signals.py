"""The form of a signal: what happens where, from when until when, and who says so."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.accounts.tenancy import current_cpo
from pricing.forms.places import location_choices, state_choices, tag_choices
from pricing.forms.rows import IdsField, LocalDateTimeField
from pricing.models import Signal
from pricing.surges.signals import check

_INSTANTS = ("starts_at", "ends_at", "stale_after")
_AREAS = ("location_ids", "location_tags", "states")


class SignalForm(forms.ModelForm):  # type: ignore[type-arg]
    """A signal as a person enters it."""

    location_ids = IdsField(label="Locations", required=False, help_text="Of what is named here, any one is enough.")
    location_tags = IdsField(label="Location tags", required=False)
    states = IdsField(required=False, help_text="Nothing named is everywhere.")
    starts_at = LocalDateTimeField(label="From")
    ends_at = LocalDateTimeField(label="Until", help_text="The first minute that is too late.")
    stale_after = LocalDateTimeField(
        label="Stale after",
        required=False,
        help_text="It counts no more from then on, unless it is saved with a later time before; empty: when it ends.",
    )

    class Meta:
        model = Signal
        fields = ["signal_id", "kind", "title", "source", *_AREAS, *_INSTANTS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "starts_at" not in self.fields:
            return
        fields: Any = self.fields
        cpo = self._cpo()
        zone = ZoneInfo(cpo.time_zone)
        for name in _INSTANTS:
            fields[name].zone = zone
        fields["starts_at"].help_text = f"On the clock of {cpo.time_zone} ({timezone.now().astimezone(zone):%Z})."
        offered = {"location_ids": location_choices(), "location_tags": tag_choices(), "states": state_choices()}
        for name, choices in offered.items():
            fields[name].offer(choices, tuple(self.initial.get(name) or ()))

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors and "starts_at" in self.fields:
            # The picker knows minutes; an instant with seconds, which only the API writes, stays as it is.
            kept = {x: self.initial[x] for x in _INSTANTS if x in self.initial and x not in self.changed_data}
            self.cleaned_data |= kept
            said = Signal(cpo=self._cpo(), signal_id=self.instance.signal_id)
            for name, value in self.cleaned_data.items():
                setattr(said, name, value)
            try:
                check(said, timezone.now())
            except ValidationError as refusal:
                for name, faults in refusal.message_dict.items():
                    self.add_error(name if name in self.fields else None, faults)
        return self.cleaned_data

    def _cpo(self) -> Any:
        return self.instance.cpo if self.instance.cpo_id else current_cpo()
