"""The completed sessions of a CPO as the replay reads them: the recorded bills, in the order of their purchase."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, Count, F, Func, JSONField, Min, QuerySet, TextField, UUIDField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.models import CustomerGroupMember, OrderState
from cpo_portal.charging.segments.facts import histories
from cpo_portal.charging.segments.facts_then import History
from cpo_portal.charging.segments.rules import Segment, needs_facts, windows_of
from cpo_portal.network.catalogue import products_at
from cpo_portal.network.models import CHARGING_CATEGORY, Connector, Location
from offers.engine.backtest import PastSession
from offers.engine.benefits import rule_of
from offers.engine.demand import counts_sessions
from offers.engine.facts import Good, PlaceFacts
from offers.engine.giving import without_given
from offers.engine.values import OfferTerms, Outcome
from offers.models import Quote, QuoteOffer
from offers.places import place_facts
from pricing.engine.codec import line_from_json, request_from_json
from pricing.engine.metering import HORIZON
from pricing.engine.values import Cart, LineKind

#: Rows per query.
PAGE = 2000
#: A bill's request but for what the meter said, which is long, and which no offer looks at.
_READINGS = Cast(Value("delivery"), TextField())
_WITHOUT_READINGS = Func(
    F("request"), _READINGS, template="(%(expressions)s)", arg_joiner=" - ", output_field=JSONField()
)
#: All that is read of a bill, as one text: a value by itself takes longer to fetch than to read from there.
_COLUMNS = (
    "id",
    "currency",
    "energy_wh",
    _WITHOUT_READINGS,
    "lines",
    KeyTextTransform("time_zone", "terms"),
    "order_id",
    "order__customer_id",
    "order__bap_id",
    "order__connector_id",
    "order__created_at",
    "order__vehicle_make",
)
_BILL = Cast(Func(*_COLUMNS, function="json_build_array", output_field=JSONField()), TextField())
#: The order in which they were bought.
_BOUGHT = ("order__created_at", "id")
#: What stands before the discounts on a bill.
_BEFORE = frozenset(LineKind) - {LineKind.DISCOUNT, LineKind.WHEELING, LineKind.TAX, LineKind.ROUND_OFF}


def count_bills(since: datetime, until: datetime) -> int:
    """Return how many sessions were billed between two instants; inside the CPO's scope."""
    return _bills(since, until).count()


class Site(NamedTuple):
    """Where a connector stands: the Beckn id and the name of its location, and what is known of the place."""

    location_id: str
    name: str
    place: PlaceFacts


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the bills: connectors by key, customers' histories, and sessions before the first of these.

    The latter two are None where nothing asks for them; `windows` are the days in which sessions are counted. `beside`
    says that there are offers which leave the price as it is, and so stand on no line of a bill.
    """

    sites: Mapping[int, Site]
    histories: Mapping[str, History] | None = None
    windows: tuple[int, ...] = ()
    earlier: Mapping[str, int] | None = None
    beside: bool = False
    #: The products that these offers may give, by the Beckn id of the location where they are sold.
    goods: Mapping[str, Mapping[str, Good]] = field(default_factory=dict)
    #: The groups of today by customer, where limits are shared in them.
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def known_of(
    cpo: Cpo, offers: Iterable[OfferTerms], *, since: datetime, now: datetime, counted_by: Iterable[Segment] = ()
) -> Known:
    """Return what these offers are judged by beside the bills, and `counted_by`; inside the CPO's scope."""
    asked = tuple(offers)
    # One that the draft was frozen with may have other rules by now.
    segments = [x for x in (*(x for offer in asked for x in offer.segments), *counted_by) if needs_facts(x)]
    counted = any(counts_sessions(offer) for offer in asked)
    connectors = Connector.objects.select_related("charger__location")
    return Known(
        {connector.pk: _site(connector) for connector in connectors},
        _histories(cpo, segments, since=since, now=now) if segments else None,
        tuple(sorted(windows_of(segments))),
        _sessions_before(since) if counted else None,
        beside=any(not rule_of(offer).reduces(offer) for offer in asked),
        goods=_goods() if any(offer.benefit.item_count is not None for offer in asked) else {},
        groups=_groups() if any(offer.limits.shared_in_groups for offer in asked) else {},
    )


def _histories(cpo: Cpo, segments: list[Segment], *, since: datetime, now: datetime) -> dict[str, History]:
    """Return what was known of each customer from the first of these orders on, and in the days that it looks back."""
    first = _bills(since, now).aggregate(first=Min("order__created_at"))["first"] or since
    back = timedelta(days=max(windows_of(segments), default=0))
    found = histories(cpo, segments, at=now, since=first - HORIZON - back)
    return {str(customer_id): history for customer_id, history in found}


def _groups() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for customer_id, group_id in CustomerGroupMember.objects.values_list("customer", "group").order_by("group"):
        key = str(customer_id)
        found[key] = (*found.get(key, ()), str(group_id))
    return found


def _goods() -> dict[str, dict[str, Good]]:
    locations = {place.pk: place for place in Location.objects.all()}
    return {
        locations[key].location_id: {x.product_id: Good(x.name, x.price, x.category) for x in products}
        for key, products in products_at(locations.values()).items()
    }


def past_sessions(since: datetime, until: datetime, known: Known) -> Iterator[PastSession]:
    """Yield the sessions that were billed between two instants, in the order in which they were bought, for that is
    when offers are reserved; inside the CPO's scope.

    The order is read once, and the bills page by page, so that no cursor is held open for the length of a replay.
    """
    counts = Counter(known.earlier or {})
    keys = list(_bills(since, until).order_by(*_BOUGHT).values_list("id", flat=True))
    for start in range(0, len(keys), PAGE):
        page = keys[start : start + PAGE]
        beside = _beside(page) if known.beside else {}
        for bill in _of_page(page):
            yield _session(orjson.loads(bill), known, counts, beside)


def _bills(since: datetime, until: datetime) -> QuerySet[Quote]:
    bills = Quote.objects.filter(is_bill=True, sandbox=False, created_at__gte=since, created_at__lt=until)
    return bills.filter(order__state=OrderState.COMPLETE, currency=F("order__currency"))


def _of_page(page: list[UUID]) -> Iterable[str]:
    """Return these bills as they are read. Their keys are one value: Django takes its time over thousands of them."""
    keys = Value(page, ArrayField(UUIDField()))
    among = Func(F("pk"), keys, template="%(expressions)s)", arg_joiner=" = ANY(", output_field=BooleanField())
    return Quote.objects.filter(among).order_by(*_BOUGHT).annotate(read=_BILL).values_list("read", flat=True)


def _site(connector: Connector) -> Site:
    location = connector.charger.location
    return Site(location.location_id, location.name, place_facts(connector))


def _sessions_before(since: datetime) -> dict[str, int]:
    bills = Quote.objects.filter(is_bill=True, sandbox=False, created_at__lt=since, order__state=OrderState.COMPLETE)
    counted = bills.exclude(order__customer=None).values_list("order__customer_id").annotate(n=Count("id"))
    return {str(customer_id): count for customer_id, count in counted.order_by()}


def _beside(bills: list[UUID]) -> dict[str, dict[str, Decimal]]:
    """Return, by bill, the offers that stood beside the order, each with the nothing that it took off."""
    found: dict[str, dict[str, Decimal]] = {}
    rows = QuoteOffer.objects.filter(quote__in=bills, outcome=Outcome.APPLIED, amount=0)
    for bill, offer_id in rows.values_list("quote_id", "asked_id"):
        found.setdefault(str(bill), {})[offer_id] = Decimal(0)
    return found


def _session(
    bill: list[Any], known: Known, counts: Counter[str], beside: Mapping[str, Mapping[str, Decimal]]
) -> PastSession:
    """Read the values of `_COLUMNS`; `counts` are the customers' sessions so far."""
    key, currency, energy_wh, planned, lines, time_zone, order_id, customer_id, bap_id, connector_id, made, make = bill
    site = known.sites[connector_id]
    given = dict(beside.get(key, {}))
    before = []
    for line in lines:
        kind = line["kind"]
        if kind in _BEFORE:
            before.append(line_from_json(line))
        elif kind == LineKind.DISCOUNT:
            given[line["code"]] = given.get(line["code"], Decimal(0)) - Decimal(line["amount"]["amount"])
    customer = customer_id or ""
    before_this = counts[customer]
    counts[customer] += 1
    request, bought_at = request_from_json(planned), datetime.fromisoformat(made)
    history = (known.histories or {}).get(customer)
    return PastSession(
        order_id=order_id,
        cart=Cart(request, without_given(before), energy_wh, currency, time_zone),
        location_id=site.location_id,
        category=CHARGING_CATEGORY,
        customer=customer,
        bought_at=bought_at,
        given=given,
        groups=(("Location", site.name), ("Buyer app", bap_id)),
        bap_id=bap_id,
        place=site.place,
        facts=None
        if history is None
        else history.facts(at=request.planned_start, until=bought_at, windows=known.windows, vehicle_make=make),
        sessions_before=before_this if known.earlier is not None else None,
        goods=known.goods.get(site.location_id, {}),
        member_of=known.groups.get(customer, ()),
    )
