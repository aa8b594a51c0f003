"""What is left of a forgotten customer: a hash, as long as a limit could be used up once more, and no facts."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now, TruncDate

from cpo_portal.charging.models import Customer, CustomerKey
from offers.engine.values import ReasonCode
from offers.models import CustomerCounter, CustomerPeriodCounter, Offer, OfferState, Quote

#: In these states an offer is sold, or will be again without anybody deciding it anew.
SOLD = (OfferState.APPROVED, OfferState.PAUSED)


#: What is decided by facts of the customer.
OF_THE_CUSTOMER = frozenset({ReasonCode.SEGMENT, ReasonCode.SESSION_NUMBER})
#: No period of a limit is longer.
LONGEST_PERIOD = timedelta(days=31)


def drop_keys(customers: QuerySet[Customer]) -> int:
    """Delete the keyed hashes of these customers, where they were forgotten and guard no limit; return how many.

    A hash that goes lets the same number come back as a stranger, with every limit unused: so it stays, alone, while
    one of the offers that the customer has used can be bought (ADR 0016).
    """
    idle = customers.filter(forgotten_at__isnull=False).exclude(Exists(_guarded(OuterRef("pk"))))
    deleted, _ = CustomerKey.objects.filter(customer__in=idle).delete()
    return deleted


def forget_facts(quotes: QuerySet[Quote]) -> int:
    """Drop what these prices hold of what was known of their customers; return how many they were.

    A segment is decided by facts such as a tier or a number of sessions, and so is an offer for the nth session: the
    proofs that hold them go, and the traces keep the answer without the fact. Such a price cannot be proven again.
    """
    forgotten = {quote.pk for quote in quotes.only("trace") if _blank(quote)}
    for fact in ("customer", "customer_sessions"):
        judged = quotes.filter(proof__context__has_key=fact).exclude(**{f"proof__context__{fact}": None})
        forgotten |= set(judged.values_list("pk", flat=True))
    return Quote.objects.filter(pk__in=forgotten).update(proof=None)


def _blank(quote: Quote) -> bool:
    """Blank in the trace what it says of the customer; return whether there was anything."""
    outcomes = (quote.trace or {}).get("outcomes", ())
    checks = [check for outcome in outcomes for check in outcome["checks"] if check["code"] in OF_THE_CUSTOMER]
    told = [check for check in checks if check["actual"] or check["margin"]]
    for check in told:
        check |= {"actual": "", "margin": ""}
    if told:
        quote.save(update_fields=["trace"])
    return bool(told)


def limits_guarded(customer_id: uuid.UUID) -> int:
    """Return how many offers' limits a customer's hash still guards."""
    return _guarded(customer_id).count()


def _guarded(customer: OuterRef | uuid.UUID) -> QuerySet[Offer]:
    """Return the offers that the customer has used, as often as ever counts, or in a period that may still run."""
    ever = CustomerCounter.objects.filter(offer=OuterRef("pk"), customer=_outer(customer), uses__gt=0)
    lately = CustomerPeriodCounter.objects.filter(
        offer=OuterRef("pk"), customer=_outer(customer), uses__gt=0, starts_on__gte=TruncDate(Now() - LONGEST_PERIOD)
    )
    sold = Offer.objects.filter(state__in=SOLD, live_version__valid_until__gt=Now())
    return sold.filter(Exists(ever) | Exists(lately))


def _outer(customer: OuterRef | uuid.UUID) -> OuterRef | uuid.UUID:
    """Return the customer as seen from one query further in."""
    return OuterRef(customer) if isinstance(customer, OuterRef) else customer
