"""The admin pages of signals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from cpo_portal.adminkit.actions import ActionVariant, object_action
from cpo_portal.adminkit.bases import TenantAdmin, TenantExportMixin
from cpo_portal.adminkit.display import Tone, chip, column, when
from cpo_portal.adminkit.filters import ChoicesDropdownFilter, DropdownFilter
from cpo_portal.adminkit.lists import ListedMixin
from cpo_portal.network.models import Location
from pricing.engine.week import joined
from pricing.forms.signals import SignalForm
from pricing.models import Signal
from pricing.surges.signals import Standing, announce, counting, counts_until, standing, withdraw

_CHIPS = {
    Standing.COMING: ("Announced", Tone.INFO),
    Standing.COUNTS: ("Counts now", Tone.GOOD),
    Standing.STALE: ("Stale", Tone.WARN),
    Standing.OVER: ("Over", Tone.NEUTRAL),
    Standing.WITHDRAWN: ("Withdrawn", Tone.NEUTRAL),
}
_AHEAD = {Standing.COMING, Standing.COUNTS, Standing.STALE}


class CountingFilter(DropdownFilter):  # type: ignore[misc]
    """The signals that raise prices now."""

    title = "now"
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("counts", "Counts now")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Signal]) -> QuerySet[Signal]:
        return queryset.filter(counting(timezone.now())) if self.value() == "counts" else queryset


def area_in_words(signal: Signal) -> str:
    """Return "Connaught Place, places tagged highway and all of Delhi"; inside the CPO's scope."""
    names = getattr(signal, "names", None)
    if names is None:
        names = location_names([signal])
    parts = [names.get(x, x) for x in signal.location_ids]
    parts += [f"places tagged {x}" for x in signal.location_tags]
    return joined([*parts, *(f"all of {x}" for x in signal.states)]) or "everywhere"


def location_names(signals: Iterable[Signal]) -> dict[str, str]:
    """Return the names of the locations of these signals, by id."""
    wanted = {x for signal in signals for x in signal.location_ids}
    return dict(Location.objects.filter(location_id__in=wanted).values_list("location_id", "name")) if wanted else {}


def from_when(signal: Signal) -> str:
    """Return from when until when a signal that was just saved counts, as a sentence."""
    until, zone = counts_until(signal), signal.cpo.time_zone
    if signal.counts_from >= signal.ends_at:
        return f"“{signal}” is over before its notice is, so it never counts: give a later end if it should."
    if signal.counts_from >= until:
        again = f"save it with a later time before {when(until, zone)} if it should"
        return f"“{signal}” is stale before its notice is over, so it never counts: {again}."
    stale = "" if until == signal.ends_at else " and is stale then, unless it is saved with a later time before"
    said = f"“{signal}” counts from {when(signal.counts_from, zone)} until {when(until, zone)}{stale}"
    return f"{said}: surges that wait for it hold while it counts."


@admin.register(Signal)
class SignalAdmin(TenantExportMixin, ListedMixin, TenantAdmin):
    """What happens in an area, for which surges wait."""

    form = SignalForm
    change_form_template: Any = None
    list_display = ("headline", "kind", "source", "area", "counts", "standing_now")
    list_filter = (CountingFilter, ("kind", ChoicesDropdownFilter))
    list_select_related = ("cpo",)
    search_fields = ("title", "signal_id", "source")
    actions_detail = ("withdraw_signal",)
    fieldsets = (
        (
            "What happens",
            {
                "fields": (("title", "signal_id"), ("kind", "source")),
                "description": "Surges that wait for signals of this kind hold while it counts. It counts once its "
                "notice is over, which stands in the surge policy. A change that lets it hold longer, earlier or "
                "elsewhere is announced anew; what narrows it counts at once.",
            },
        ),
        ("Where", {"fields": ("location_ids", "location_tags", "states")}),
        ("When", {"fields": (("starts_at", "ends_at"), "stale_after")}),
    )
    export_columns = {
        "Signal id": lambda signal: signal.signal_id,
        "Title": lambda signal: signal.title,
        "Kind": Signal.get_kind_display,
        "Source": lambda signal: signal.source,
        "Where": area_in_words,
        "From ({clock})": lambda signal: signal.starts_at,
        "Until ({clock})": lambda signal: signal.ends_at,
        "Counts from ({clock})": lambda signal: signal.counts_from,
        "Withdrawn ({clock})": lambda signal: signal.withdrawn_at,
        "Now": "standing_now",
    }

    def complete(self, rows: Iterable[Any]) -> None:
        names = location_names(rows)
        for row in rows:
            row.names = names

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        found = () if obj is None else ("signal_id", "standing_now", "counting_from")
        looks = obj is not None and not self.has_change_permission(request, obj)
        return (*found, "area", "begins", "ends", "stale") if looks else found

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fieldsets
        now = ("Now", {"fields": (("standing_now", "counting_from"),)})
        if self.has_change_permission(request, obj):
            return (now, *self.fieldsets)
        # Who may only look reads the times on the CPO's clock.
        return (
            now,
            (None, {"fields": (("title", "signal_id"), ("kind", "source"), "area", ("begins", "ends"), "stale")}),
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # What raised prices once is history; it is withdrawn instead.
        return False

    def save_model(self, request: HttpRequest, obj: Signal, form: Any, change: bool) -> None:
        user: Any = request.user
        obj.cpo, obj.by = request.cpo, user  # type: ignore[attr-defined]
        saved = announce(obj, timezone.now())
        obj.__dict__.update(saved.__dict__)
        messages.info(request, from_when(saved))

    @object_action(
        description="Withdraw",
        confirm="It counts no more from now on: no new quote has a surge for it. Quotes, orders and sessions that have "
        "one keep it. Saving the signal again announces it anew.",
        icon="notifications_off",
        variant=ActionVariant.DANGER,
        offered=lambda signal: standing(signal, timezone.now()) in _AHEAD,
    )
    def withdraw_signal(self, request: HttpRequest, signal: Signal) -> str:
        user: Any = request.user
        withdraw(signal, timezone.now(), by=user)
        self.log_change(request, signal, "Withdrawn.")
        return f"“{signal}” is withdrawn."

    @column(description="Signal", header=True, ordering="title")
    def headline(self, signal: Signal) -> list[str]:
        return [signal.title, signal.signal_id]

    @admin.display(description="Where")
    def area(self, signal: Signal) -> str:
        return area_in_words(signal)

    @admin.display(description="Counts", ordering="counts_from")
    def counts(self, signal: Signal) -> Any:
        zone = signal.cpo.time_zone
        span = '<span class="portal-figures">{}<br>to {}</span>'
        return format_html(span, when(signal.counts_from, zone), when(counts_until(signal), zone))

    @admin.display(description="From", ordering="starts_at")
    def begins(self, signal: Signal) -> str:
        return when(signal.starts_at, signal.cpo.time_zone)

    @admin.display(description="Until", ordering="ends_at")
    def ends(self, signal: Signal) -> str:
        return when(signal.ends_at, signal.cpo.time_zone)

    @admin.display(description="Stale after")
    def stale(self, signal: Signal) -> str:
        return when(signal.stale_after, signal.cpo.time_zone)

    @admin.display(description="Counts from", ordering="counts_from")
    def counting_from(self, signal: Signal) -> str:
        return when(signal.counts_from, signal.cpo.time_zone)

    @admin.display(description="Now")
    def standing_now(self, signal: Signal) -> Any:
        text, tone = _CHIPS[standing(signal, timezone.now())]
        return chip(text, tone)
