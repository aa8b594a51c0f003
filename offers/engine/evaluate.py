"""Judges one offer against one cart: every condition with its numbers, and what the offer would save."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from offers.engine.about import one_of
from offers.engine.asked import Asked, asked_of
from offers.engine.benefits.rule import BenefitRule
from offers.engine.codes import code_checks, opens
from offers.engine.days import day_checks, next_holding
from offers.engine.demand import demand_checks
from offers.engine.energy import energy_checks
from offers.engine.limits import LIMIT_REASONS, limit_checks
from offers.engine.places import is_placed, place_checks
from offers.engine.segments import segment_checks
from offers.engine.situation import Situation, is_named, situation_of
from offers.engine.values import Applicability, Check, OfferContext, OfferOutcome, OfferTerms, Outcome, ReasonCode
from pricing.engine.making import maker, quickly_made
from pricing.engine.money import Money
from pricing.engine.values import Cart, LineKind, WeeklyWindow
from pricing.engine.windows import is_open, zone_of
from pricing.engine.wording import money_text, opening_text, span_text, weekday_text

LIVE_STATE = "APPROVED"
_NOTHING = Decimal(0)
_SECOND = timedelta(seconds=1)
STATE_REASONS = {
    "PAUSED": ReasonCode.PAUSED,
    "WITHDRAWN": ReasonCode.WITHDRAWN,
    "ENDED": ReasonCode.ENDED,
}
_ELIGIBLE, _MIN_VALUE = Outcome.ELIGIBLE_NOT_CHOSEN, ReasonCode.MIN_VALUE
_NO_BENEFIT = Check(ReasonCode.NO_BENEFIT, "benefit", "a saving", "0.00", False, "nothing to take it from")


@quickly_made
@dataclass(frozen=True, slots=True)
class Appraisal:
    """What one offer is worth to one cart. `lines` are positions in the cart, `saving` is what it gives alone.

    `outcome` is ELIGIBLE_NOT_CHOSEN where every condition holds; only the selection makes it APPLIED. One that is
    `beside` the order leaves its price as it is. A saving without lines is that of something given on top of the cart.
    """

    offer: OfferTerms
    checks: tuple[Check, ...]
    lines: tuple[int, ...]
    saving: Decimal
    opted_in: bool
    outcome: Outcome
    depends_on_identity: bool = False
    beside: bool = False
    #: What the driver pays for what is given on top of the cart.
    added: Decimal = _NOTHING


_appraisal, _check = maker(Appraisal), maker(Check)


def evaluate_offer(offer: OfferTerms, cart: Cart, context: OfferContext) -> OfferOutcome:
    """Judge one offer by itself; the outcome is never APPLIED, which depends on the other offers."""
    found = appraise(offer, situation_of(cart, context))
    saving = Money(found.saving, cart.currency)
    return OfferOutcome(
        offer.offer_id, offer.version, offer.name, found.outcome, saving, found.checks, found.depends_on_identity
    )


def appraise(offer: OfferTerms, situation: Situation) -> Appraisal:
    """Run every check in the documented order and work out the saving, also where a check fails."""
    context, asked = situation.context, asked_of(offer)
    held = offer.offer_id in context.held
    lines, saving, added = _benefit(offer, situation, asked.rule)
    opted_in = False
    if situation.wanted or offer.single_use:
        opted_in = is_named(offer, situation.wanted) or opens(offer, context)
    checks = _standing(offer, situation, held)
    if asked.where_and_when:
        checks += _where_and_when(offer, situation)
    checks += qualifier_checks(offer, situation, asked)
    if asked.to_choose or situation.declined:
        checks += choice_checks(offer, situation, opted_in or held)
    depends = False
    if asked.for_whom and not held:
        personal, depends = whom_checks(offer, situation, asked, saving)
        checks += personal
    if not saving and not asked.beside:
        checks.append(_NO_BENEFIT)
    outcome = _outcome(checks)
    return _appraisal(offer, tuple(checks), lines, saving, opted_in, outcome, depends, asked.beside, added)


def appraise_locked(offer: OfferTerms, situation: Situation) -> Appraisal:
    """Judge an offer that an order has locked: only its qualifier, on what was delivered, can take it away."""
    asked = asked_of(offer)
    lines, saving, added = _benefit(offer, situation, asked.rule)
    checks = qualifier_checks(offer, situation, asked)
    if not saving and not asked.beside:
        checks.append(_NO_BENEFIT)
    return Appraisal(offer, tuple(checks), lines, saving, True, _outcome(checks), False, asked.beside, added)


def _benefit(offer: OfferTerms, situation: Situation, rule: BenefitRule) -> tuple[tuple[int, ...], Decimal, Decimal]:
    """Return the lines that the benefit is taken of, the saving, and what is paid for what is given on top of them."""
    lines = rule.lines(offer, situation)
    saving = rule.saving(offer, situation, lines)
    if situation.context.ceilings:
        saving = capped(offer, situation, saving)
    return lines, saving, rule.added(offer, situation) if saving and not lines else _NOTHING


def _outcome(checks: list[Check]) -> Outcome:
    for check in checks:
        if not check.passed:
            return Outcome.LIMITED if check.code in LIMIT_REASONS else Outcome.INELIGIBLE
    return _ELIGIBLE


def capped(offer: OfferTerms, situation: Situation, saving: Decimal) -> Decimal:
    """Return the saving within what was reserved for the offer."""
    ceiling = situation.context.ceilings.get(offer.offer_id)
    return saving if ceiling is None else min(saving, max(ceiling, _NOTHING))


def _standing(offer: OfferTerms, situation: Situation, held: bool) -> list[Check]:
    """Check the stored state, the currency and the validity at the planned start."""
    checks = []
    if offer.state != LIVE_STATE and (not held or offer.state == "WITHDRAWN"):
        code = STATE_REASONS.get(offer.state, ReasonCode.NOT_LIVE)
        checks.append(Check(code, "state", LIVE_STATE, offer.state, False))
    if offer.currency != situation.cart.currency:
        checks.append(Check(ReasonCode.CURRENCY, "currency", situation.cart.currency, offer.currency, False))
    if held:
        return checks
    start = situation.cart.request.planned_start
    begins, ends = offer.applicability.valid_from, offer.applicability.valid_until
    if begins is not None and (start < begins or not situation.only_failing):
        checks.append(validity(ReasonCode.NOT_YET_VALID, "valid_from", begins, start))
    if ends is not None and (start >= ends or not situation.only_failing):
        checks.append(validity(ReasonCode.ENDED, "valid_until", ends, start))
    return checks


def validity(code: ReasonCode, field: str, bound: datetime, start: datetime) -> Check:
    """Check the planned start against one end of the validity."""
    early = code is ReasonCode.NOT_YET_VALID
    passed, span = start >= bound if early else start < bound, abs(start - bound)
    margin = ""
    # By less than a second is no figure: the reason says it all.
    if not passed and span >= _SECOND:
        margin = f"{span_text(span)} too {'early' if early else 'late'}"
    return Check(code, f"applicability.{field}", _text(bound), _text(start), passed, margin)


@lru_cache(maxsize=4096)
def _text(instant: datetime) -> str:
    return instant.isoformat()


def _where_and_when(offer: OfferTerms, situation: Situation) -> list[Check]:
    """Check the place, the things, the weekly windows and the days, as far as the offer is limited by them."""
    scope, cart = offer.applicability, situation.cart
    checks = _place(scope, situation)
    if is_placed(scope):
        checks += place_checks(scope, situation.context.place)
    if scope.weekly_windows:
        checks.append(weekly_check(scope, situation))
    if scope.holidays is not None or scope.blackout_dates:
        checks += day_checks(scope, cart.request.planned_start, cart.time_zone)
    return checks


def whom_checks(offer: OfferTerms, situation: Situation, asked: Asked, saving: Decimal) -> tuple[list[Check], bool]:
    """Check segments, demand and limits, and say whether the answer depends on who the buyer is."""
    context, cart = situation.context, situation.cart
    checks: list[Check] = []
    depends = False
    if offer.segments:
        start, quickly = cart.request.planned_start, situation.only_failing
        checks, depends = segment_checks(offer, context, start, cart.time_zone, only_failing=quickly)
    if asked.of_the_moment:
        demanded, by_session = demand_checks(offer, context)
        checks, depends = checks + demanded, depends or by_session
    if asked.limited:
        limited, by_uses = limit_checks(offer, context, saving, only_failing=situation.only_failing)
        checks, depends = checks + limited, depends or by_uses
    return checks, depends


def _place(scope: Applicability, situation: Situation) -> list[Check]:
    """Check location, item and category; products that the driver added count as items beside the connector."""
    context = situation.context
    checks = []
    if scope.location_ids and context.location_id not in scope.location_ids:
        checks.append(membership(ReasonCode.LOCATION, "location_ids", scope.location_ids, context.location_id))
    if not scope.item_ids and not scope.categories:
        return checks
    products = [x for x in situation.cart.lines if x.kind is LineKind.PRODUCT]
    if scope.item_ids and scope.item_ids.isdisjoint({context.item_id, *(x.item_id for x in products)}):
        checks.append(membership(ReasonCode.ITEM, "item_ids", scope.item_ids, context.item_id))
    if scope.categories and scope.categories.isdisjoint({context.category, *(x.category for x in products)}):
        checks.append(membership(ReasonCode.CATEGORY, "categories", scope.categories, context.category))
    return checks


def membership(code: ReasonCode, field: str, allowed: frozenset[str], actual: str) -> Check:
    """Return the failing check of a place or thing that is none of the allowed ones."""
    expected, about = one_of(allowed)
    return _check(code, f"applicability.{field}", expected, actual, False, "", about)


def weekly_check(scope: Applicability, situation: Situation) -> Check:
    """Check the planned start against weekly windows, and say when next one is open on a day that holds as well."""
    start, zone = situation.cart.request.planned_start, situation.cart.time_zone
    if is_open(scope.weekly_windows, start, zone):
        return window_check(scope.weekly_windows, start, zone, start)
    return window_check(scope.weekly_windows, start, zone, next_holding(scope, start, zone))


def window_check(windows: tuple[WeeklyWindow, ...], start: datetime, zone: str, opens: datetime | None) -> Check:
    """Return the check of weekly windows at a start, where the offer `opens` next: None for never, `start` for now."""
    local = start.astimezone(zone_of(zone))
    passed, margin = opens == start, ""
    if opens is not None and not passed:
        margin = f"next window {opening_text(opens.astimezone(zone_of(zone)), local.date())}"
    elif opens is None:
        margin = "no window left" if any(x.weekdays for x in windows) else "no window at all"
    actual = weekday_text(local)
    code = ReasonCode.OUTSIDE_WEEKLY_WINDOW
    return Check(code, "applicability.weekly_windows", f"one of {len(windows)} windows", actual, passed, margin)


def qualifier_checks(offer: OfferTerms, situation: Situation, asked: Asked) -> list[Check]:
    """Check what the cart must reach: its value, what the type of the offer asks for, its energy."""
    rule, checks, least = asked.rule, [], offer.qualifier.min_value
    if least is not None:
        value = rule.qualifying(offer, situation)
        passed = value >= least
        if not passed or not situation.only_failing:
            margin = "" if passed else f"{money_text(least - value, offer.currency)} short"
            actual = situation.value_text if value is situation.item_value else str(value)
            checks.append(_check(_MIN_VALUE, "qualifier.min_value", asked.least, actual, passed, margin))
    if asked.of_its_kind:
        checks += rule.checks(offer, situation)
    if asked.of_energy:
        checks += energy_checks(offer, situation)
    return checks


def choice_checks(offer: OfferTerms, situation: Situation, wanted: bool) -> list[Check]:
    """Check the buyer's side: opted in where that is needed, not declined, the code sent where it is required."""
    checks = []
    if is_named(offer, situation.declined):
        checks.append(Check(ReasonCode.DECLINED, "selection.apply", "yes", "no", False))
    elif not offer.auto and not wanted:
        checks.append(Check(ReasonCode.NOT_OPTED_IN, "selection.apply", "yes", "not chosen", False))
    if offer.requires_code:
        checks += code_checks(offer, situation)
    return checks
