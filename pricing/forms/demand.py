"""The form of a demand policy: its levels as rows and its numbers, with the engine's refusals at their fields."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import current_cpo
from cpo_portal.adminkit.display import sign
from cpo_portal.adminkit.rows import RowsField, RowsWidget
from cpo_portal.adminkit.widgets import DecimalInput, IntegerInput, Textarea
from cpo_portal.network.models import Location
from pricing.demand.rules import promised_notice, rules_of, written
from pricing.demand.writing import rules_from
from pricing.engine.demand import DemandLevel, DemandPolicy
from pricing.engine.wording import plain_number
from pricing.forms.rows import IdsField
from pricing.models import DemandPolicy as PolicyRow
from pricing.models import SurgeSchedule
from pricing.surges.ceilings import refuse_level_above
from pricing.surges.policies import policy_of

_PERCENT = Decimal(100)
_MINUTE = timedelta(minutes=1)
_LONGEST_MINUTES = 7 * 24 * 60
_MOST_PERCENT = Decimal(1000)
#: What a new policy begins with.
_EXAMPLE = DemandPolicy(
    levels=(
        DemandLevel(Decimal("0.70"), Decimal("0.55"), Decimal(10)),
        DemandLevel(Decimal("0.85"), Decimal("0.70"), Decimal(20)),
    ),
    cap_percent=Decimal(20),
    least_reporting=2,
    surcharged_per_day=timedelta(hours=6),
    changes_per_day=12,
)


class LevelRows(RowsWidget):
    """Rows of two thresholds and a surcharge, all in percent."""

    template_name = "pricing/admin/level_rows.html"
    parts = ("on", "off", "percent")
    most_rows = 9


class LevelsField(RowsField):
    """The levels of a policy, the lowest first; whether they go together is for the engine to say."""

    widget = LevelRows

    def prepare_value(self, value: Any) -> Any:
        return [_row_of(x) if isinstance(x, DemandLevel) else x for x in value or []]

    def clean(self, value: Any) -> tuple[DemandLevel, ...]:
        levels, faults = [], []
        for number, row in enumerate(value or [], start=1):
            try:
                on, off, percent = (Decimal(row[part]) for part in LevelRows.parts)
            except InvalidOperation:
                faults.append(f"Level {number}: give three numbers in percent, such as 70, 55 and 10.")
                continue
            if any(x.is_finite() and (x > _MOST_PERCENT or x != round(x, 2)) for x in (on, off, percent)):
                faults.append(f"Level {number}: give percentages up to 1,000 with at most two decimals.")
            levels.append(DemandLevel(on / _PERCENT, off / _PERCENT, percent))
        if faults:
            raise ValidationError(faults)
        return tuple(levels)


class MinutesField(forms.IntegerField):
    """A span of time in whole minutes."""

    widget = IntegerInput

    def __init__(self, label: str, help_text: str = "", *, required: bool = True) -> None:
        super().__init__(label=f"{label} (minutes)", help_text=help_text, required=required, max_value=_LONGEST_MINUTES)

    def prepare_value(self, value: Any) -> Any:
        return value // _MINUTE if isinstance(value, timedelta) else value

    def clean(self, value: Any) -> timedelta | None:  # type: ignore[override]
        minutes = super().clean(value)
        return None if minutes is None else minutes * _MINUTE

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))


def _number(label: str, help_text: str, *, required: bool = True) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, help_text=help_text, required=required, widget=DecimalInput, max_digits=9, decimal_places=2
    )


class DemandPolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A policy; every field that is no column is one of the engine's rules, by its name there."""

    location_ids = IdsField(required=False, label="Locations", help_text="None is all of them.")
    location_tags = IdsField(required=False, label="Locations tagged", help_text="Of several tags one is enough.")
    levels = LevelsField(label="Levels", required=False, help_text="The load is the share of connectors in use.")
    half_life = MinutesField("Smoothing", "After so long an old load counts half.")
    dwell_up = MinutesField("Before a rise", "So long a level has held before the next one is announced.")
    dwell_down = MinutesField("Before a fall", "So long a level has held before it falls.")
    notice = MinutesField("Notice of a rise", "Drivers are told so long ahead; a fall counts at once.")
    stale_after = MinutesField("Stale after", "What was heard of longer ago says nothing, and the level falls.")
    cap_percent = _number("At most (%)", "Of the energy price, whatever a level asks.")
    highest_rate = _number("Highest rate per kWh", "Before tax, with the surcharge. Empty: no limit.", required=False)
    least_reporting = forms.IntegerField(
        label="Connectors that report, at least",
        widget=IntegerInput,
        max_value=10_000,
        help_text="Of fewer nothing is concluded.",
    )
    surcharged_per_day = MinutesField("With a surcharge per day, at most", "Empty: no limit.", required=False)
    changes_per_day = forms.IntegerField(
        label="Changes per day, at most",
        widget=IntegerInput,
        required=False,
        max_value=1000,
        help_text="Empty: no limit.",
    )
    grid_weight = _number("Weight of grid stress", "A grid-stress signal counts as this load, from 0 to 1; 0: not.")

    class Meta:
        model = PolicyRow
        fields = ["policy_id", "name", "explanation", "location_ids", "location_tags", "stacking_group"]
        widgets = {"explanation": Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        row = kwargs.get("instance")
        rules = rules_of(row) if row is not None and row.pk else _EXAMPLE
        numbers = {x.name: getattr(rules, x.name) for x in fields(rules)}
        kwargs["initial"] = numbers | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        cpo = row.cpo if row is not None and row.pk else current_cpo()
        self.promised = promised_notice(policy_of(cpo))
        if "levels" not in self.fields:
            return  # for those who only look
        self.fields["highest_rate"].label = f"Highest rate per kWh ({sign(cpo.currency)})"
        places = list(Location.objects.order_by("city", "name").values_list("location_id", "name", "city", "tags"))
        chosen: Any = row if row is not None else PolicyRow()
        named = [(key, f"{name}, {city} ({key})") for key, name, city, _ in places]
        tags = sorted({tag for *_, found in places for tag in found})
        self.fields["location_ids"].offer(named, tuple(chosen.location_ids))  # type: ignore[attr-defined]
        self.fields["location_tags"].offer([(x, x) for x in tags], tuple(chosen.location_tags))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        super().clean()
        said = self.cleaned_data
        if self.instance.pk is None and SurgeSchedule.objects.filter(schedule_id=said.get("policy_id")).exists():
            self.add_error("policy_id", "A surge has this id: choose another one.")
        names = [x.name for x in fields(DemandPolicy)]
        if not all(name in said for name in names):
            return said
        try:
            rules = written(rules_from({name: said[name] for name in names}, self.promised))
            if self.instance.is_active and not self.errors:
                refuse_level_above(self._proposed(rules))
        except ValidationError as refusal:
            self.add_error(None, refusal)
        else:
            self.instance.rules = rules
        return said

    def _proposed(self, rules: dict[str, Any]) -> PolicyRow:
        """Return the policy as the form has it, not saved."""
        named = ("name", "location_ids", "location_tags", "stacking_group")
        row = self.instance
        said = {name: self.cleaned_data[name] for name in named}
        return PolicyRow(cpo=row.cpo, policy_id=row.policy_id, rules=rules, **said)


def _row_of(level: DemandLevel) -> dict[str, str]:
    shares = {"on": level.on * _PERCENT, "off": level.off * _PERCENT, "percent": level.percent}
    return {part: plain_number(value) for part, value in shares.items()}
