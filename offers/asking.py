"""What a buyer asks for, and what an earlier quote has promised it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.models import Customer, CustomerContact
from cpo_portal.charging.people.contact_hashes import contact_hashes
from offers.book import LoadedBook
from offers.engine.facts import UNOBSERVED, Levels
from offers.engine.values import Usage
from offers.guards import Guard
from pricing.engine import values as engine
from pricing.models import TariffVersion


@dataclass(frozen=True, slots=True)
class SessionAsk:
    """What a buyer asks for: how much, when, with what, and its choices about offers.

    `customer` is None while nobody is named; `identity_required` says that from here on it must be (init). `basis`
    says what an amount means; None leaves it to the CPO's policy. `start_given` is False where the buyer named no
    start, and now stands in.
    """

    measure: engine.Measure
    planned_start: datetime
    planned_end: datetime | None = None
    products: tuple[engine.ProductOrder, ...] = ()
    opted_in: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    customer: Customer | None = None
    identity_required: bool = False
    delivery: engine.Delivery | None = None
    basis: engine.Basis | None = None
    start_given: bool = True
    #: What segments ask for: the buyer app, the vehicle, and the hashes of the contacts given with the purchase.
    bap_id: str = ""
    vehicle_make: str = ""
    contact_hashes: tuple[bytes, ...] = ()
    #: How full the battery is, in percent, as the buyer app says; surges may ask for it.
    charge_percent: int | None = None


def of_customer(ask: SessionAsk, customer: Customer) -> SessionAsk:
    """Return the ask as this customer makes it, whom everybody now knows; inside the CPO's scope."""
    contact = CustomerContact.objects.filter(customer=customer).select_related("customer__cpo").first()
    said = {"phone": contact.phone, "email": contact.email} if contact else {}
    hashes = contact_hashes(contact.customer.cpo, said) if contact else ()
    return replace(ask, customer=customer, identity_required=True, contact_hashes=hashes)


def of_newcomer(ask: SessionAsk, cpo: Cpo, said: Mapping[str, str]) -> SessionAsk:
    """Return the ask as somebody makes it who buys for the first time with this contact; nobody is saved."""
    return replace(ask, customer=Customer(cpo=cpo), identity_required=True, contact_hashes=contact_hashes(cpo, said))


@dataclass(frozen=True, slots=True)
class Lock:
    """What an earlier quote promised: its tariff version and terms, until `valid_until`. A version without terms is one
    to be priced with as if it were the published one.

    `own` is what the order itself takes of the limits; `refused` says which guards of which offers refused a moment
    ago; `levels` are those that the quote observed. A preview gives the `book` that is to be instead of the published
    one, and the offers that are to be judged as if their code was sent (`opened`). `order_id` is the order whose codes
    and energy are its own, `own_goods` what it holds of products. A test draws on no balance. Where
    `surges` are given, no others are charged, and these by no more.
    """

    terms: engine.PriceTerms | None = None
    tariff_version: TariffVersion | None = None
    valid_until: datetime | None = None
    own: Mapping[str, Usage] = field(default_factory=dict)
    refused: Mapping[str, frozenset[Guard]] = field(default_factory=dict)
    book: LoadedBook | None = None
    order_id: UUID | None = None
    opened: frozenset[str] = frozenset()
    levels: Levels = UNOBSERVED
    own_goods: Mapping[str, int] = field(default_factory=dict)
    is_test: bool = False
    surges: tuple[engine.Surge, ...] | None = None

    def bounded(self, terms: engine.PriceTerms) -> engine.PriceTerms:
        """Return the terms with their surges at most as the lock has them."""
        if self.surges is None:
            return terms
        promised = {x.surge_id: x for x in self.surges if not x.exemption}
        return replace(terms, surges=tuple(x for surge in terms.surges for x in _at_most(surge, promised)))

    def without(self, offer_id: str, guard: Guard) -> Lock:
        """Return the lock of a price that is made anew because a guard of the ledger refused this offer."""
        guards = self.refused.get(offer_id, frozenset()) | {guard}
        return replace(self, refused={**self.refused, offer_id: guards})


def _at_most(surge: engine.Surge, promised: Mapping[str, engine.Surge]) -> tuple[engine.Surge, ...]:
    """Return the surge, the one that was promised where it has risen or changed, or nothing where none was."""
    if surge.exemption:
        return (surge,)
    known = promised.get(surge.surge_id)
    if known is None:
        return ()
    return (surge if surge.version == known.version and surge.value <= known.value else known,)
