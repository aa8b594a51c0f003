"""Says of every offer of a CPO why it does not apply to a cart, also of those that the book need not look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from offers.engine.asked import Asked, asked_of
from offers.engine.codes import opens
from offers.engine.days import day_checks, holds_on
from offers.engine.evaluate import (
    LIVE_STATE,
    STATE_REASONS,
    appraise,
    choice_checks,
    membership,
    qualifier_checks,
    validity,
    weekly_check,
    whom_checks,
    window_check,
)
from offers.engine.giving import without_given
from offers.engine.places import place_checks
from offers.engine.situation import Situation, is_named, situation_of
from offers.engine.values import (
    Applicability,
    Check,
    OfferContext,
    OfferOutcome,
    OfferTerms,
    OfferTrace,
    Outcome,
    ReasonCode,
)
from pricing.engine.making import maker
from pricing.engine.money import Money, smallest_unit, zero
from pricing.engine.values import Cart, LineKind, Quote
from pricing.engine.windows import next_opening, zone_of

_NOTHING = Decimal(0)
_INELIGIBLE, _outcome = Outcome.INELIGIBLE, maker(OfferOutcome)
_AFTER_THE_CART = frozenset({LineKind.DISCOUNT, LineKind.WHEELING, LineKind.TAX, LineKind.ROUND_OFF})


def cart_of(quote: Quote) -> Cart:
    """Return the cart that the offers of a quote were judged by."""
    lines = without_given(x for x in quote.lines if x.kind not in _AFTER_THE_CART)
    return Cart(quote.request, lines, quote.energy_wh, quote.terms.currency, quote.terms.time_zone)


def explain_all(
    offers: Iterable[OfferTerms], cart: Cart, context: OfferContext, trace: OfferTrace
) -> tuple[OfferOutcome, ...]:
    """Return the outcome of each offer: the trace's own where it has one, else the conditions that fail.

    What is not for this place, thing or time is told so by its failing conditions alone, with what else fails of the
    cart, the choice, the customer and the limits, and saves nothing. An offer that is for here is judged in full.
    """
    known = {x.offer_id: x for x in trace.outcomes}
    look = _Look(situation_of(cart, context))
    # A list, so that all of them live until the end: windows are told apart by their identity.
    return tuple([known.get(x.offer_id) or look.at(x) for x in list(offers)])


class _Look:
    """One cart's answers, which many offers share: each failing condition is put into words once."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        cart, context = situation.cart, situation.context
        products = [x for x in cart.lines if x.kind is LineKind.PRODUCT]
        self._items = frozenset({context.item_id, *(x.item_id for x in products)})
        self._categories = frozenset({context.category, *(x.category for x in products)})
        self._zone = zone_of(cart.time_zone)
        self._currency, self._start = cart.currency, cart.request.planned_start
        self._bounds: dict[tuple[ReasonCode, datetime], Check] = {}
        self._nothing = zero(cart.currency)
        #: Nobody reads of an offer that is not for here what holds.
        self._failing = replace(situation, only_failing=True)
        self._least = smallest_unit(cart.currency)
        self._at_locations, self._on_items, self._in_categories = (
            _Places(ReasonCode.LOCATION, "location_ids", context.location_id),
            _Places(ReasonCode.ITEM, "item_ids", context.item_id),
            _Places(ReasonCode.CATEGORY, "categories", context.category),
        )
        #: By the identity of the windows: hashing them would cost more than reading them.
        self._weekly: dict[int, tuple[datetime | None, Check]] = {}

    def at(self, offer: OfferTerms) -> OfferOutcome:
        asked = asked_of(offer)
        checks = self._misplaced(offer, asked)
        if checks:
            self._add_besides(checks, offer, asked)
            return _outcome(offer.offer_id, offer.version, offer.name, _INELIGIBLE, self._nothing, tuple(checks))
        found = appraise(offer, self._situation)
        saving = Money(found.saving, self._situation.cart.currency)
        return OfferOutcome(
            offer.offer_id, offer.version, offer.name, found.outcome, saving, found.checks, found.depends_on_identity
        )

    def _add_besides(self, checks: list[Check], offer: OfferTerms, asked: Asked) -> None:
        """Add what else fails of an offer that is not for here: the day, the cart, the choice, for whom, and limits."""
        situation = self._failing
        more = qualifier_checks(offer, situation, asked)
        if asked.days:
            request, zone = situation.cart.request, situation.cart.time_zone
            more = [*day_checks(offer.applicability, request.planned_start, zone), *more]
        held = offer.offer_id in situation.context.held
        if asked.to_choose or situation.declined:
            wanted = held or is_named(offer, situation.wanted) or opens(offer, situation.context)
            more += choice_checks(offer, situation, wanted)
        if asked.for_whom and not held:
            more += whom_checks(offer, situation, asked, self._saving(offer, asked))[0]
        if more:
            checks += [x for x in more if not x.passed]

    def _saving(self, offer: OfferTerms, asked: Asked) -> Decimal:
        """Return what a budget must cover: what the cart would save, or something where it has nothing of it."""
        if not offer.limits.has_budget:
            return _NOTHING
        return asked.rule.saving(offer, self._failing, asked.rule.lines(offer, self._failing)) or self._least

    def _misplaced(self, offer: OfferTerms, asked: Asked) -> list[Check]:
        scope = offer.applicability
        checks: list[Check] = []
        if offer.state != LIVE_STATE:
            code = STATE_REASONS.get(offer.state, ReasonCode.NOT_LIVE)
            checks.append(Check(code, "state", LIVE_STATE, offer.state, False))
        if offer.currency != self._currency:
            checks.append(Check(ReasonCode.CURRENCY, "currency", self._currency, offer.currency, False))
        start, begins, ends = self._start, scope.valid_from, scope.valid_until
        if begins is not None and start < begins:
            checks.append(self._validity(ReasonCode.NOT_YET_VALID, "valid_from", begins))
        if ends is not None and start >= ends:
            checks.append(self._validity(ReasonCode.ENDED, "valid_until", ends))
        if scope.location_ids and self._situation.context.location_id not in scope.location_ids:
            checks.append(self._at_locations.refusal(scope.location_ids))
        if scope.item_ids and scope.item_ids.isdisjoint(self._items):
            checks.append(self._on_items.refusal(scope.item_ids))
        if scope.categories and scope.categories.isdisjoint(self._categories):
            checks.append(self._in_categories.refusal(scope.categories))
        if asked.placed:
            checks += place_checks(scope, self._situation.context.place)
        if scope.weekly_windows:
            weekly = self._window(scope, limited_days=asked.days)
            if not weekly.passed:
                checks.append(weekly)
        return checks

    def _window(self, scope: Applicability, *, limited_days: bool) -> Check:
        """Return the check of the windows, shared where the next of them lies on a day and in a validity that hold."""
        windows = scope.weekly_windows
        found = self._weekly.get(id(windows))
        if found is None:
            zone = self._situation.cart.time_zone
            opens = next_opening(windows, self._start, zone)
            found = self._weekly[id(windows)] = opens, window_check(windows, self._start, zone, opens)
        opens, check = found
        if check.passed or opens is None:
            return check
        begins, ends = scope.valid_from, scope.valid_until
        shut = limited_days and not holds_on(scope, opens.astimezone(self._zone).date())
        if shut or (begins is not None and opens < begins) or (ends is not None and opens >= ends):
            return weekly_check(scope, self._situation)
        return check

    def _validity(self, code: ReasonCode, field: str, bound: datetime) -> Check:
        """Return the failing check of an end of the validity, which many offers share."""
        found = self._bounds.get((code, bound))
        if found is None:
            found = self._bounds[code, bound] = validity(code, field, bound, self._start)
        return found


class _Places:
    """The refusals of one attribute of the applicability, by what is allowed instead."""

    def __init__(self, code: ReasonCode, field: str, actual: str) -> None:
        self._code, self._field, self._actual = code, field, actual
        self._said: dict[str | int, Check] = {}

    def refusal(self, allowed: frozenset[str]) -> Check:
        count = len(allowed)
        key = next(iter(allowed)) if count == 1 else count
        check = self._said.get(key)
        if check is None:
            check = self._said[key] = membership(self._code, self._field, allowed, self._actual)
        return check
