"""The “Try it” panel of the pages of offers and tariffs: a connector, a time and an amount → the price and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from cpo_portal.adminkit.display import money, sign
from cpo_portal.adminkit.widgets import DecimalInput, Select
from cpo_portal.network.models import Connector
from offers.models import Offer
from offers.preview import Trial, try_offer, try_tariff
from offers.quoting import SessionAsk
from offers.reason_names import names_for
from offers.trace_words import OUTCOMES, choice_in_words, outcome_in_words
from pricing.engine.values import AmountMeasure, DurationMeasure, EnergyMeasure, Measure
from pricing.forms import connector_choices
from pricing.forms_rows import LocalDateTimeField
from pricing.models import Tariff

_UNITS = (("money", ""), ("kWh", "kWh"), ("min", "minutes"))


class TryForm(forms.Form):
    """A session to be priced."""

    item_id = forms.ChoiceField(label="Connector", widget=Select)
    starts_at = LocalDateTimeField(label="Start")
    value = forms.DecimalField(
        label="How much", widget=DecimalInput, max_digits=9, decimal_places=2, min_value=Decimal("0.01")
    )
    unit = forms.ChoiceField(label="Of", widget=Select)

    def __init__(self, cpo: Any, data: Any = None) -> None:
        zone = ZoneInfo(cpo.time_zone)
        soon = timezone.now().astimezone(zone).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        super().__init__(data, initial={"starts_at": soon, "value": "500", "unit": "money"}, prefix="try")
        fields: Any = self.fields
        fields["starts_at"].zone = zone
        fields["item_id"].choices = connector_choices()
        fields["unit"].choices = [(key, label or sign(cpo.currency)) for key, label in _UNITS]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("unit") == "min" and "value" in data and data["value"] != int(data["value"]):
            self.add_error("value", "Give whole minutes.")
        return data

    def measure(self, currency: str) -> Measure:
        """Return how much was asked for."""
        value, unit = self.cleaned_data["value"], self.cleaned_data["unit"]
        if unit == "kWh":
            return EnergyMeasure(int(value * 1000))
        return DurationMeasure(int(value)) if unit == "min" else AmountMeasure(value, currency)


def try_offer_view(model_admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    """Answer the panel of an offer, which the driver is taken to ask for."""
    offer = Offer.objects.select_related("cpo").filter(pk=object_id).first()
    if offer is None or not model_admin.has_view_permission(request, offer):
        raise Http404
    version = offer.versions.order_by("-number").first()
    choices: dict[str, Any] = {"opted_in": (offer.offer_id,) if version and not version.auto else ()}
    if version is not None and version.requires_code and not version.single_use_codes:
        choices = {"codes": (version.display_code,)}

    def trials(connector: Connector, ask: SessionAsk, now: datetime) -> Iterable[Trial]:
        return try_offer(offer, connector, ask, now)

    return _answer(request, offer.cpo, trials, choices, offer.offer_id)


def try_tariff_view(model_admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    """Answer the panel of a tariff."""
    tariff = Tariff.objects.select_related("cpo").filter(pk=object_id).first()
    if tariff is None or not model_admin.has_view_permission(request):
        raise Http404

    def trials(connector: Connector, ask: SessionAsk, now: datetime) -> Iterable[Trial]:
        return try_tariff(tariff, connector, ask, now)

    return _answer(request, tariff.cpo, trials, {}, "")


def _answer(
    request: HttpRequest, cpo: Any, trials: Callable[..., Iterable[Trial]], choices: dict[str, Any], own: str
) -> HttpResponse:
    form = TryForm(cpo, request.GET if "try-item_id" in request.GET else None)
    shown: list[dict[str, Any]] = []
    if form.is_bound and form.is_valid():
        connectors = Connector.objects.select_related("cpo", "charger__location")
        connector = connectors.get(item_id=form.cleaned_data["item_id"])
        ask = SessionAsk(form.measure(cpo.currency), form.cleaned_data["starts_at"], **choices)
        shown = [_shown(trial, own) for trial in trials(connector, ask, timezone.now())]
    context = {"form": form, "trials": shown, "zone": cpo.time_zone}
    return TemplateResponse(request, "offers/admin/try.html", context)


def _shown(trial: Trial, own: str) -> dict[str, Any]:
    """Return what the template shows of a trial; the page's own offer comes first."""
    quote = trial.quote
    if quote is None:
        return {"title": trial.title, "refusal": trial.refusal}
    trace: Any = quote.trace
    outcomes = sorted(trace.outcomes, key=lambda x: x.offer_id != own) if trace is not None else []
    names = names_for(outcomes)
    return {
        "title": trial.title,
        "total": money(quote.total.amount, quote.total.currency),
        "energy": f"{quote.energy_wh / 1000:g} kWh by {quote.terms.tariff_id} version {quote.terms.tariff_version}",
        "lines": [(line.title, money(line.amount.amount, line.amount.currency)) for line in quote.lines],
        "choice": choice_in_words(trace, names.offers) if trace is not None else "",
        "offers": [(x.name or x.offer_id, OUTCOMES[x.outcome], outcome_in_words(x, names)) for x in outcomes],
    }
