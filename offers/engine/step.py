"""The offers' step of a price: which offers apply to a cart, their DISCOUNT lines, and the trace that says why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from offers.engine.benefits import rule_of
from offers.engine.beside import chosen_beside, open_to_choice
from offers.engine.book import OfferBook
from offers.engine.bounds import net_at_least
from offers.engine.corners import Appraised, candidates_of, corners_of, line_amounts
from offers.engine.evaluate import Appraisal, appraise, appraise_locked
from offers.engine.selection import Candidate, LineAmounts, Selection, choose_offers
from offers.engine.situation import Situation, situation_of
from offers.engine.spreading import Claim, Shares, spread
from offers.engine.values import (
    Check,
    Objective,
    OfferContext,
    OfferOutcome,
    OfferTerms,
    OfferTrace,
    Outcome,
    ReasonCode,
)
from pricing.engine.money import Money, zero
from pricing.engine.values import Cart, Discounts, LineKind, QuoteLine
from pricing.engine.wording import money_text


class OfferStep:
    """Chooses among the offers of a book for one buyer; a `DiscountStep` of `price()`."""

    def __init__(self, book: OfferBook, context: OfferContext) -> None:
        self._book, self._context = book, context
        self._found: dict[tuple[tuple[str, str], ...], list[OfferTerms]] = {}

    def __call__(self, cart: Cart) -> Discounts:
        """Choose the offers; the trace covers the book's candidates and every offer the buyer named."""
        situation, appraisals = self._appraised(cart)
        lines = line_amounts(situation)
        selection = choose_offers(candidates_of(open_to_choice(appraisals)), lines, objective=self._context.objective)
        shares = _shares(selection.chosen, lines)
        discounts = _discount_lines(selection.chosen, appraisals, shares, situation)
        beside = chosen_beside(appraisals, selection.chosen)
        outcomes = _outcomes(appraisals, selection, _applied(discounts, beside, cart.currency), cart.currency)
        outcomes += self._unknown(cart.currency)
        runner_up = tuple(x.offer_id for x in selection.runner_up)
        trace = OfferTrace(
            outcomes=tuple(outcomes),
            chosen=(*(x.offer_id for x in selection.chosen), *beside),
            runner_up=runner_up,
            difference=Money(selection.saving - selection.runner_up_saving, cart.currency) if runner_up else None,
            certificate=selection.certificate,
            gap=selection.gap,
        )
        return Discounts(discounts, trace)

    def thresholds(self) -> tuple[Decimal, ...]:
        """Return the item values at which an offer of this place unlocks or reaches its cap."""
        return _thresholds(self._offers(None))

    def net_at_least(self, low: Cart, high: Cart) -> Decimal:
        """Return a lower bound of the price before tax of every cart between two."""
        corners = corners_of(*map(self._appraised, (low, high)))
        chosen = choose_offers(corners[0].candidates, corners[0].lines, objective=self._context.objective)
        return net_at_least(*corners, low_saving=chosen.saving, objective=self._context.objective)

    def _appraised(self, cart: Cart) -> Appraised:
        situation = situation_of(cart, self._context)
        return situation, [appraise(offer, situation) for offer in self._offers(cart)]

    def _offers(self, cart: Cart | None) -> list[OfferTerms]:
        """Return the candidates of the place and the products, and what the buyer named or holds, by id."""
        lines = cart.lines if cart is not None else ()
        products = tuple((x.item_id, x.category) for x in lines if x.kind is LineKind.PRODUCT)
        if products not in self._found:
            self._found[products] = self._look_up(products)
        return self._found[products]

    def _look_up(self, products: tuple[tuple[str, str], ...]) -> list[OfferTerms]:
        context = self._context
        candidates = self._book.candidates(context.location_id, context.item_id, context.category, products=products)
        found = {x.offer_id: x for x in candidates}
        for name in context.opted_in | context.held | context.codes:
            named = self._named(name)
            if named is not None:
                found[named.offer_id] = named
        return [found[offer_id] for offer_id in sorted(found)]

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
    """

    def __init__(self, offers: tuple[OfferTerms, ...], *, ceilings: Mapping[str, Decimal], category: str = "") -> None:
        self._offers, self._ceilings, self._category = offers, dict(ceilings), category

    def __call__(self, cart: Cart) -> Discounts:
        """Apply the locked offers in the order given; one whose qualifier no longer holds says so in the trace."""
        situation, appraisals = self._appraised(cart)
        lines = line_amounts(situation)
        chosen = candidates_of(appraisals)
        discounts = _discount_lines(chosen, appraisals, _shares(chosen, lines), situation)
        eligible = (x for x in appraisals if x.outcome is Outcome.ELIGIBLE_NOT_CHOSEN)
        beside = tuple(x.offer.offer_id for x in eligible if x.beside)
        applied = _applied(discounts, beside, cart.currency)
        outcomes = _outcomes(appraisals, Selection(chosen, lines.joint(chosen)), applied, cart.currency)
        return Discounts(discounts, OfferTrace(tuple(outcomes), tuple(applied)))

    def thresholds(self) -> tuple[Decimal, ...]:
        """Return the item values at which a locked offer unlocks or reaches its cap."""
        return _thresholds(self._offers)

    def net_at_least(self, low: Cart, high: Cart) -> Decimal:
        """Return a lower bound of the price before tax of every cart between two."""
        corners = corners_of(*map(self._appraised, (low, high)))
        # Locked offers apply together, whatever they once combined with.
        together = [replace(x, candidates=tuple(replace(y, additive=True) for y in x.candidates)) for x in corners]
        saving = together[0].lines.joint(together[0].candidates)
        return net_at_least(*together, low_saving=saving, objective=Objective.MAX_SAVING)

    def _appraised(self, cart: Cart) -> Appraised:
        context = OfferContext(
            "", cart.request.item_id, self._category, cart.request.planned_start, ceilings=self._ceilings
        )
        situation = situation_of(cart, context)
        return situation, [appraise_locked(offer, situation) for offer in self._offers]


def _shares(chosen: tuple[Candidate, ...], lines: LineAmounts) -> tuple[Shares, ...]:
    return spread([Claim(x.saving, x.lines) for x in chosen], lines.amounts, lines.unit)


def _discount_lines(
    chosen: tuple[Candidate, ...], appraisals: list[Appraisal], shares: tuple[Shares, ...], situation: Situation
) -> tuple[QuoteLine, ...]:
    cart = situation.cart
    offers = {x.offer.offer_id: x.offer for x in appraisals}
    lines: list[QuoteLine] = []
    for candidate, taken in zip(chosen, shares, strict=True):
        amount = sum(taken.values(), Decimal(0))
        if not amount:
            continue
        offer = offers[candidate.offer_id]
        title = f"{offer.name} ({rule_of(offer).title(offer, situation)})"
        parts = tuple((cart.lines[n].line_id, Money(x, cart.currency)) for n, x in sorted(taken.items()) if x)
        line_id = f"DISCOUNT-{len(lines) + 1}"
        money = Money(-amount, cart.currency)
        lines.append(QuoteLine(line_id, LineKind.DISCOUNT, title, money, code=offer.offer_id, shares=parts))
    return tuple(lines)


def _applied(discounts: tuple[QuoteLine, ...], beside: tuple[str, ...], currency: str) -> dict[str, Money]:
    """Return what each offer that applies saves; one that stands beside the order saves nothing."""
    return {x.code: -x.amount for x in discounts} | dict.fromkeys(beside, zero(currency))


def _outcomes(
    appraisals: list[Appraisal], selection: Selection, applied: Mapping[str, Money], currency: str
) -> list[OfferOutcome]:
    alone = any(not x.offer.additive for x in appraisals if x.offer.offer_id in applied)
    outcomes = []
    for found in appraisals:
        offer, checks, outcome = found.offer, found.checks, found.outcome
        saving = Money(found.saving, currency)
        if offer.offer_id in applied:
            outcome, saving = Outcome.APPLIED, applied[offer.offer_id]
        elif outcome is Outcome.ELIGIBLE_NOT_CHOSEN:
            checks = (*checks, _not_chosen(found, selection, alone or not offer.additive))
        outcomes.append(
            OfferOutcome(offer.offer_id, offer.version, offer.name, outcome, saving, checks, found.depends_on_identity)
        )
    return outcomes


def _not_chosen(found: Appraisal, selection: Selection, alone: bool) -> Check:
    difference = selection.saving - found.saving
    words = "more" if difference > 0 else "less"
    gap = f"{money_text(abs(difference), found.offer.currency)} {words}" if difference else "the same"
    margin = f"the chosen set saves {gap}"
    code = ReasonCode.NOT_ADDITIVE if alone else ReasonCode.BETTER_SET
    return Check(code, "additive", f"{selection.saving:f}", f"{found.saving:f}", False, margin)


def _thresholds(offers: Iterable[OfferTerms]) -> tuple[Decimal, ...]:
    return tuple(sorted({x for offer in offers for x in rule_of(offer).thresholds(offer)}))
