"""The “Try it” panel of the pages of offers and tariffs: a session as a buyer app asks for it → the price and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.adminkit.display import money
from cpo_portal.adminkit.rules import cpo_of
from cpo_portal.network.models import Connector
from offers.engine.days import next_holding
from offers.engine.values import OfferTerms
from offers.forms.trying import TryForm
from offers.mapping import offer_terms
from offers.models import Offer
from offers.preview import Trial, try_now, try_offer, try_tariff
from offers.quoting import SessionAsk
from offers.reasons.names import names_for
from offers.reasons.traces import OUTCOMES, choice_in_words, outcome_in_words
from offers.sites import anywhere
from pricing.models import Tariff


def try_offer_view(model_admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    """Answer the panel of an offer, which the driver is taken to ask for."""
    offer = Offer.objects.select_related("cpo").filter(pk=object_id).first()
    if offer is None or not model_admin.has_view_permission(request, offer):
        raise Http404
    version = offer.versions.order_by("-number").first()
    chosen = (offer.offer_id,) if version and not version.auto and not version.requires_code else ()
    code = version.display_code if version and version.requires_code and not version.single_use_codes else ""

    def trials(connector: Connector, ask: SessionAsk, now: datetime) -> Iterable[Trial]:
        return try_offer(offer, connector, ask, now)

    form = _form(model_admin, request, offer.cpo, code)
    if version is not None and not form.is_bound:
        _begin_where_it_holds(form, offer_terms(offer, version))
    return _answer(request, form, trials, _Page(offer.cpo, offer.offer_id, chosen))


def _begin_where_it_holds(form: TryForm, terms: OfferTerms) -> None:
    """Let the form begin with a connector and a time of the offer, where there are such."""
    starts_at: datetime = form.initial["starts_at"]
    site = next(iter(anywhere(terms, starts_at).sites), None)
    if site is None:
        return
    form.initial["item_id"] = site.item_id
    opens = next_holding(terms.applicability, starts_at, site.time_zone)
    if opens is not None:
        form.initial["starts_at"] = opens.astimezone(starts_at.tzinfo)


def try_tariff_view(model_admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    """Answer the panel of a tariff."""
    tariff = Tariff.objects.select_related("cpo").filter(pk=object_id).first()
    if tariff is None or not model_admin.has_view_permission(request):
        raise Http404

    def trials(connector: Connector, ask: SessionAsk, now: datetime) -> Iterable[Trial]:
        return try_tariff(tariff, connector, ask, now)

    return _answer(request, _form(model_admin, request, tariff.cpo), trials, _Page(tariff.cpo))


def try_hours_view(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Answer the panel of the page of prices by hour; a moment that was chosen there is priced at once."""
    cpo = cpo_of(request)
    if cpo is None or not model_admin.has_view_permission(request):
        raise Http404

    def trials(connector: Connector, ask: SessionAsk, now: datetime) -> Iterable[Trial]:
        return (try_now(connector, ask, now),)

    may_find = model_admin.has_operate_permission(request)
    chosen = {f"try-{name}": value for name, value in _chosen(request).items()}
    if request.method == "POST" or chosen.get("try-starts_at"):
        form = TryForm(cpo, request.POST if request.method == "POST" else chosen, may_find=may_find)
    else:
        form = TryForm(cpo, may_find=may_find)
        form.initial["item_id"] = request.GET.get("item_id", "")
    return _answer(request, form, trials, _Page(cpo, has_draft=False))


def _chosen(request: HttpRequest) -> dict[str, str]:
    """Return the session that is priced for a moment of the grid: a full charge of a small car."""
    item_id, at = request.GET.get("item_id", ""), request.GET.get("at", "")
    return {"item_id": item_id, "starts_at": at, "value": "20", "unit": "kWh", "customer": "", "codes": ""}


@dataclass(frozen=True, slots=True)
class _Page:
    """Whose page it is: its CPO, its offer, what the driver is taken to choose, and whether it has a draft to try."""

    cpo: Cpo
    own: str = ""
    opted_in: tuple[str, ...] = ()
    has_draft: bool = True


def _form(model_admin: Any, request: HttpRequest, cpo: Cpo, code: str = "") -> TryForm:
    """Return the form as sent; what a person is known by is in its body, so that no address holds it."""
    data = request.POST if request.method == "POST" else None
    return TryForm(cpo, data, may_find=model_admin.has_operate_permission(request), codes=code)


def _answer(request: HttpRequest, form: TryForm, trials: Callable[..., Iterable[Trial]], page: _Page) -> HttpResponse:
    shown: list[dict[str, Any]] = []
    if form.is_bound and form.is_valid():
        connectors = Connector.objects.select_related("cpo", "charger__location")
        connector = connectors.get(item_id=form.cleaned_data["item_id"])
        ask = form.ask(page.opted_in)
        shown = [_shown(trial, page.own) for trial in trials(connector, ask, timezone.now())]
    heading = "Try it" if page.has_draft else "What will a driver pay?"
    context = {"form": form, "trials": shown, "zone": page.cpo.time_zone}
    context |= {"heading": heading, "has_draft": page.has_draft, "first_purchase": form.is_first_purchase}
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
        "unknown": [f"The code “{code}” belongs to no offer." for code in trial.unknown_codes],
        "choice": choice_in_words(trace, names.offers) if trace is not None else "",
        "offers": [(x.name or x.offer_id, OUTCOMES[x.outcome], outcome_in_words(x, names)) for x in outcomes],
    }
