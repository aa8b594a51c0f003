"""The offers' step of a price: which offers apply to a cart, their DISCOUNT lines, and the trace that says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from offers.engine.asked import asked_of, line_title
from offers.engine.book import OfferBook
from offers.engine.bounds import net_at_least
from offers.engine.candidates import Candidate, LineAmounts
from offers.engine.choice import choice_of, shares_of, taken_by
from offers.engine.corners import Appraised, candidates_of, corners_of, together
from offers.engine.energy import energy_edges
from offers.engine.evaluate import Appraisal, appraise, appraise_locked
from offers.engine.facts import Good
from offers.engine.giving import Given, given_by
from offers.engine.outcomes import Outcomes
from offers.engine.selection import Selection, choose_offers
from offers.engine.situation import Situation, situation_of
from offers.engine.spreading import Shares
from offers.engine.stacking import candidate_of, line_amounts, why_not
from offers.engine.values import (
    Check,
    Objective,
    OfferContext,
    OfferOutcome,
    OfferTerms,
    OfferTrace,
    Outcome,
    ReasonCode,
    StackLimits,
)
from pricing.engine.making import maker
from pricing.engine.money import Money, new_money, zero
from pricing.engine.values import Cart, Discounts, LineKind, QuoteLine

_NOTHING = Decimal(0)
_DISCOUNT, _PRODUCT = LineKind.DISCOUNT, LineKind.PRODUCT
_line, _trace, _discounts = maker(QuoteLine), maker(OfferTrace), maker(Discounts)
#: By their ids.
_Offers = Mapping[str, OfferTerms]
_NONE_KNOWN: Mapping[str, Appraisal] = {}


class Verdict(NamedTuple):
    """What each offer that applies gives to a cart, and how all that were looked at were judged, by their ids.

    `added` is what the given products come to, which are no part of the cart. Of the checks only those that fail are
    sure to be there. `left_out` says why an offer that fails none is not among the chosen ones.
    """

    amounts: Mapping[str, Decimal]
    appraisals: Mapping[str, Appraisal]
    added: Decimal
    left_out: Callable[[str], ReasonCode]


class OfferStep:
    """Chooses among the offers of a book for one buyer; a `DiscountStep` of `price()`."""

    def __init__(self, book: OfferBook, context: OfferContext) -> None:
        self._book, self._context = book, context
        self._found: dict[tuple[tuple[str, str], ...], _Offers] = {}

    def verdict(self, cart: Cart, known: Mapping[str, Appraisal] = _NONE_KNOWN) -> Verdict:
        """Return what the offers give, and the judgements that it rests on: the same as a price's, without the trace.

        An offer of `known` is taken as it was judged there.
        """
        situation = situation_of(cart, self._context, only_failing=True)
        appraisals = {
            x.offer_id: found if (found := known.get(x.offer_id)) and found.offer is x else appraise(x, situation)
            for x in self._offers(cart).values()
        }
        lines = line_amounts(situation)
        choice = choice_of(list(appraisals.values()), lines, self._context, runner_up=False)
        given = given_by([appraisals[x.offer_id].offer for x in choice.selection.chosen], situation)
        added = _NOTHING if given.listed is None else _sum(given.listed) - _sum(cart.lines)

        def left_out(offer_id: str) -> ReasonCode:
            return why_not(appraisals[offer_id], choice.selection.beside(choice.beside), lines, self._context)[0].code

        return Verdict(choice.given(), appraisals, added, left_out)

    def __call__(self, cart: Cart) -> Discounts:
        """Choose the offers; the trace covers the book's candidates and every offer the buyer named."""
        found, situation = self._offers(cart), situation_of(cart, self._context)
        appraisals = [appraise(offer, situation) for offer in found.values()]
        lines = line_amounts(situation)
        choice = choice_of(appraisals, lines, self._context)
        selection, beside = choice.selection, choice.beside
        offers = _offers_of(selection.chosen, found)
        given = given_by(offers, situation)
        discounts = _discount_lines(selection.chosen, offers, (choice.shares, given), situation)
        outcomes = Outcomes(situation, lines, selection, beside).of(appraisals, discounts)
        if self._context.opted_in:
            outcomes += self._unknown(cart.currency)
        runner_up = tuple([x.offer_id for x in selection.runner_up])
        most, cut = _cut(selection.chosen, lines, cart.currency)
        difference = new_money(selection.saving - selection.runner_up_saving, cart.currency) if runner_up else None
        chosen = tuple([x.offer_id for x in (*selection.chosen, *beside)])
        certificate, gap = selection.certificate, selection.gap
        trace = _trace(tuple(outcomes), chosen, runner_up, difference, certificate, gap, most, cut)
        return _discounts(discounts, trace, given.listed)

    def considered(self) -> tuple[OfferTerms, ...]:
        """Return every offer that was looked at so far, by id: the discounts depend on no other."""
        found = {x.offer_id: x for offers in self._found.values() for x in offers.values()}
        return tuple(found[offer_id] for offer_id in sorted(found))

    def thresholds(self) -> tuple[Decimal, ...]:
        """Return the item values at which an offer of this place unlocks or reaches its cap."""
        return _thresholds(self._offers(None).values())

    def energy_edges(self) -> tuple[int, ...]:
        """Return the energies (Wh) at which an offer of this place begins or ceases to hold, or saves another part."""
        return energy_edges(self._offers(None).values())

    def net_at_least(self, low: Cart, high: Cart) -> Decimal:
        """Return a lower bound of the price before tax of every cart between two."""
        corners = corners_of(*[self._appraised(cart, least_wh=low.energy_wh) for cart in (low, high)])
        objective, max_stack = self._context.objective, self._context.stack.max_stack
        chosen = choose_offers(corners[0].candidates, corners[0].lines, objective=objective, max_stack=max_stack)
        return net_at_least(*corners, low_saving=chosen.saving + chosen.gap, objective=objective, max_stack=max_stack)

    def _appraised(self, cart: Cart, *, least_wh: int | None = None) -> Appraised:
        situation = situation_of(cart, self._context, least_wh=least_wh)
        return situation, [appraise(offer, situation) for offer in self._offers(cart).values()]

    def _offers(self, cart: Cart | None) -> _Offers:
        """Return the candidates of the place and the products, and what the buyer named or holds, in order of ids."""
        lines = cart.lines if cart is not None else ()
        products = tuple([(x.item_id, x.category) for x in lines if x.kind is _PRODUCT])
        if products not in self._found:
            self._found[products] = self._look_up(products)
        return self._found[products]

    def _look_up(self, products: tuple[tuple[str, str], ...]) -> _Offers:
        context = self._context
        candidates = self._book.candidates(
            context.location_id, context.item_id, context.category, products=products, place=context.place
        )
        found = {x.offer_id: x for x in candidates}
        names = context.opted_in | context.held | context.codes | context.single_use.keys()
        if not names:
            return found
        for name in names:
            named = self._named(name)
            if named is not None:
                found[named.offer_id] = named
        return {offer_id: found[offer_id] for offer_id in sorted(found)}

    def _unknown(self, currency: str) -> list[OfferOutcome]:
        check = Check(ReasonCode.UNKNOWN, "offer_id", "an offer of this CPO", "no such offer", False)
        return [
            OfferOutcome(x, 0, "", Outcome.INELIGIBLE, zero(currency), (check,))
            for x in sorted(self._context.opted_in)
            if self._named(x) is None
        ]

    def _named(self, name: str) -> OfferTerms | None:
        return self._book.get(name) or self._book.by_code(name)


class LockedStep:
    """Applies exactly the offers that an order has locked, to what was delivered; a `DiscountStep` of `price()`.

    `ceilings` limits the discount of an offer, by its id, to what was reserved for it. `category` is the
    connector's, for offers limited to categories; empty, the connector's lines count as in their scope.
    `max_discount_percent` is the CPO's largest discount as it was locked. `goods` are the products given, as sold
    then: they are held for the order, so that none is out of stock.
    """

    def __init__(
        self,
        offers: tuple[OfferTerms, ...],
        *,
        ceilings: Mapping[str, Decimal],
        category: str = "",
        max_discount_percent: Decimal | None = None,
        goods: Mapping[str, Good] | None = None,
    ) -> None:
        self._offers = {x.offer_id: x for x in offers}
        self._ceilings, self._category, self._goods = dict(ceilings), category, dict(goods or {})
        # What an order has locked applies together, however many offers the CPO allows by now.
        self._stack = StackLimits(max_discount_percent=max_discount_percent)

    def __call__(self, cart: Cart) -> Discounts:
        """Apply the locked offers in the order given; one whose qualifier no longer holds says so in the trace."""
        situation, appraisals = self._appraised(cart)
        lines = line_amounts(situation)
        chosen = candidates_of(appraisals)
        offers = _offers_of(chosen, self._offers)
        given = given_by(offers, situation)
        discounts = _discount_lines(chosen, offers, (shares_of(chosen, lines), given), situation)
        eligible = (x for x in appraisals if x.outcome is Outcome.ELIGIBLE_NOT_CHOSEN)
        beside = tuple(candidate_of(x) for x in eligible if x.beside)
        selection = Selection(chosen, lines.joint(chosen))
        outcomes = Outcomes(situation, lines, selection, beside).of(appraisals, discounts)
        applied = (*(x.code for x in discounts), *(x.offer_id for x in beside))
        most, cut = _cut(chosen, lines, cart.currency)
        trace = OfferTrace(tuple(outcomes), applied, most=most, cut=cut)
        return Discounts(discounts, trace, given.listed)

    def thresholds(self) -> tuple[Decimal, ...]:
        """Return the item values at which a locked offer unlocks or reaches its cap."""
        return _thresholds(self._offers.values())

    def energy_edges(self) -> tuple[int, ...]:
        """Return the energies (Wh) at which a locked offer begins or ceases to hold, or saves another part."""
        return energy_edges(self._offers.values())

    def net_at_least(self, low: Cart, high: Cart) -> Decimal:
        """Return a lower bound of the price before tax of every cart between two."""
        found = corners_of(*[self._appraised(cart, least_wh=low.energy_wh) for cart in (low, high)])
        first, last = map(together, found)
        saving = first.lines.joint(first.candidates)
        return net_at_least(first, last, low_saving=saving, objective=Objective.MAX_SAVING)

    def _appraised(self, cart: Cart, *, least_wh: int | None = None) -> Appraised:
        context = OfferContext(
            "",
            cart.request.item_id,
            self._category,
            cart.request.planned_start,
            ceilings=self._ceilings,
            stack=self._stack,
            goods=self._goods,
        )
        situation = situation_of(cart, context, least_wh=least_wh)
        return situation, [appraise_locked(offer, situation) for offer in self._offers.values()]


def _sum(lines: Iterable[QuoteLine]) -> Decimal:
    return sum([x.amount.amount for x in lines], _NOTHING)


def _offers_of(chosen: tuple[Candidate, ...], offers: _Offers) -> list[OfferTerms]:
    return [offers[x.offer_id] for x in chosen]


def _discount_lines(
    chosen: tuple[Candidate, ...],
    offers: list[OfferTerms],
    found: tuple[tuple[Shares, ...], Given],
    situation: Situation,
) -> tuple[QuoteLine, ...]:
    """Return a line for each chosen offer that takes anything; of what is given, off the given lines."""
    (shares, given), cart = found, situation.cart
    currency, ids = cart.currency, [x.line_id for x in cart.lines]
    lines: list[QuoteLine] = []
    for candidate, offer, taken in zip(chosen, offers, shares, strict=True):
        amount = taken_by(candidate, taken)
        if not amount:
            continue
        if candidate.offer_id in given.by_offer:
            parts = given.shares(candidate.offer_id, amount, currency)
        else:
            parts = _parts(taken, ids, currency)
        line_id = f"DISCOUNT-{len(lines) + 1}"
        money = new_money(-amount, currency)
        title = line_title(offer, situation)
        lines.append(_line(line_id, _DISCOUNT, title, money, None, "", None, "", offer.offer_id, parts))
    return tuple(lines)


def _parts(taken: Shares, ids: list[str], currency: str) -> tuple[tuple[str, Money], ...]:
    parts = []
    for n, share in taken.items():
        if share:
            parts.append((ids[n], new_money(share, currency)))
    return tuple(parts)


def _cut(chosen: tuple[Candidate, ...], lines: LineAmounts, currency: str) -> tuple[Money | None, Money | None]:
    """Return the largest discount and what is above it, where it cut the chosen set."""
    if lines.most is None or (whole := lines.uncut(chosen)) <= lines.most:
        return None, None
    return Money(lines.most, currency), Money(whole - lines.most, currency)


def _thresholds(offers: Iterable[OfferTerms]) -> tuple[Decimal, ...]:
    return tuple(sorted({x for offer in offers for x in asked_of(offer).rule.thresholds(offer)}))
