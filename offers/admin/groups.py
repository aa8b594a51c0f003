"""How much groups of customers have used of the limits that their members share, on a group's page and an offer's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cpo_portal.adminkit.display import bar, link_to, table
from cpo_portal.charging.models import CustomerGroup
from cpo_portal.charging.panels import GROUP_PANELS, Panel
from offers.engine.periods import Period, Today, today_at
from offers.mapping import limits_of
from offers.models import GroupCounter, GroupPeriodCounter, Offer, OfferState
from offers.shown import shown_version

#: So many offers are shown on a group's page, and so many groups on an offer's, those that used the most.
MOST_SHOWN = 50
_SPANS = {Period.DAY: "Today", Period.WEEK: "This week", Period.MONTH: "This month"}
_EVER = "In all"


def shared_uses(request: HttpRequest, group: CustomerGroup) -> Panel | None:
    """Show each limit that the members share, of the offers that they can use or have used."""
    used = GroupCounter.objects.filter(group=group).values("offer")
    lately = GroupPeriodCounter.objects.filter(group=group).values("offer")
    given = Q(state__in=(OfferState.APPROVED, OfferState.PAUSED)) | Q(pk__in=used) | Q(pk__in=lately)
    offers = Offer.objects.filter(given, shared_in_groups=True).exclude(state=OfferState.ARCHIVED)
    shown = list(_most_used_first(offers.select_related("live_version", "cpo"), group)[:MOST_SHOWN])
    counted = _counted(shown, [group.pk], timezone.now())
    rows = [
        (_offer_link(offer), span, bar(uses, limit))
        for offer in shown
        for span, limit, uses in _limits(offer, group.pk, counted)
    ]
    headers = ("Offer", "Limit", "Used together")
    return Panel("Limits that the members share", table(headers, rows)) if rows else None


def _most_used_first(offers: QuerySet[Offer], group: CustomerGroup) -> QuerySet[Any]:
    """Return the offers by how often the group has used each: in all, or in a period where that alone is counted."""
    ever = GroupCounter.objects.filter(group=group, offer=OuterRef("pk")).values("uses")
    most = GroupPeriodCounter.objects.filter(group=group, offer=OuterRef("pk")).order_by("-uses").values("uses")
    return offers.order_by(Coalesce(Subquery(ever[:1]), Subquery(most[:1]), 0).desc(), "-pk")


def groups_of(offer: Offer) -> list[Panel]:
    """Return how much each group has used of an offer whose limits it shares; nothing where they are not shared."""
    if not offer.shared_in_groups:
        return []
    most = GroupCounter.objects.filter(offer=offer).values_list("group", "uses")
    lately = GroupPeriodCounter.objects.filter(offer=offer).values("group").annotate(most=Max("uses"))
    uses = dict(lately.values_list("group", "most")) | dict(most)
    keys = sorted(uses, key=lambda key: (-uses[key], key))[:MOST_SHOWN]
    groups = CustomerGroup.objects.in_bulk(keys)
    counted = _counted([offer], keys, timezone.now())
    rows = [
        (link_to("charging_customergroup", key, groups[key].name), span, bar(used, limit))
        for key in keys
        for span, limit, used in _limits(offer, key, counted)
    ]
    if not rows:
        nobody = format_html("<p>{}</p>", "No group has used it yet. Its members use up the limits together.")
        return [Panel("Groups that share its limits", nobody)]
    return [Panel("Groups that share its limits", table(("Group", "Limit", "Used together"), rows))]


def _limits(offer: Offer, group: Any, counted: dict[Any, int]) -> Iterator[tuple[str, int, int]]:
    """Yield what each shared limit is called, the limit, and what the group has used of it."""
    limits = limits_of(offer)
    if limits.uses_per_customer is not None:
        yield _EVER, limits.uses_per_customer, counted.get((offer.pk, group, None), 0)
    for period, limit in limits.per_period.items():
        yield _SPANS[period], limit, counted.get((offer.pk, group, period.value), 0)


def _counted(offers: Iterable[Offer], groups: Iterable[Any], now: datetime) -> dict[Any, int]:
    """Return the uses by offer, group and period that runs now, of all time under None."""
    rows = list(offers)
    if not rows:
        return {}
    today: Today = today_at(now, rows[0].cpo.time_zone)
    running = Q()
    for period in Period:
        running |= Q(period=period.value, starts_on=today.start_of(period))
    which: dict[str, Any] = {"offer__in": rows, "group__in": list(groups)}
    periods = GroupPeriodCounter.objects.filter(running, **which)
    ever = GroupCounter.objects.filter(**which).values_list("offer", "group", "uses")
    found: dict[Any, int] = {(offer, group, None): uses for offer, group, uses in ever}
    for offer, group, span, uses in periods.values_list("offer", "group", "period", "uses"):
        found[offer, group, span] = uses
    return found


def _offer_link(offer: Offer) -> SafeString:
    version = shown_version(offer)
    return link_to("offers_offer", offer.pk, version.name if version is not None else offer.offer_id)


def register() -> None:
    """Put the panel on the pages of groups."""
    GROUP_PANELS.append(shared_uses)
