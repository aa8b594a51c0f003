"""The offer book: all offers of a CPO, indexed so that a cart meets only those that could apply to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from offers.engine.evaluate import LIVE_STATE
from offers.engine.facts import NOWHERE, PlaceFacts
from offers.engine.places import filed_under, fits, is_placed, keys_of
from offers.engine.values import Applicability, OfferTerms

_Index = Mapping[str, tuple[OfferTerms, ...]]


@dataclass(frozen=True, slots=True)
class OfferBook:
    """An immutable set of offers at one revision; made by `compile`, never changed."""

    revision: int
    _by_id: Mapping[str, OfferTerms]
    _by_code: Mapping[str, OfferTerms]
    _by_item: _Index
    _by_location: _Index
    _by_category: _Index
    _by_place: _Index
    _everywhere: tuple[OfferTerms, ...]
    #: Whether any live offer is limited by facts of the place beyond its id.
    _is_placed: bool
    #: Answers of `_shared`, which the same book always gives alike; at most one per place and category.
    _known: dict[tuple[str, str, PlaceFacts], tuple[OfferTerms, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @classmethod
    def compile(cls, offers: Iterable[OfferTerms], *, revision: int) -> OfferBook:
        """Index each offer by its narrowest restriction: items, else locations, else chargers, cities, tags or
        states, else categories.

        Offers in a state that is not live stay findable by id and code, so that a refusal can say why. Of several
        versions of one offer the highest counts.
        """
        by_id = {offer.offer_id: offer for offer in sorted(offers, key=lambda x: (x.offer_id, x.version))}
        indexes: tuple[dict[str, list[OfferTerms]], ...] = ({}, {}, {}, {})
        everywhere = []
        for offer in by_id.values():
            if offer.state != LIVE_STATE:
                continue
            place, keys = _narrowest(offer)
            for key in keys:
                indexes[place].setdefault(key, []).append(offer)
            if not keys:
                everywhere.append(offer)
        return cls._of(revision, by_id, [_frozen(x) for x in indexes], tuple(everywhere))

    def changed(self, offers: Iterable[OfferTerms], *, gone: Iterable[str], revision: int) -> OfferBook:
        """Return what `compile` makes of the same offers with these in place of their former selves and without `gone`.

        The cost depends on how many changed, but for copies of the indexes.
        """
        new = {offer.offer_id: offer for offer in offers}
        left = {*gone, *new}
        by_id = dict(self._by_id)
        for offer_id in left - new.keys():
            by_id.pop(offer_id, None)
        by_id |= new
        if not new.keys() <= self._by_id.keys():
            by_id = dict(sorted(by_id.items()))
        indexes = [dict(x) for x in (self._by_item, self._by_location, self._by_place, self._by_category)]
        live = [offer for offer in new.values() if offer.state == LIVE_STATE]
        for old in (self._by_id[x] for x in left if x in self._by_id):
            place, keys = _narrowest(old)
            for key in keys:
                found = tuple(x for x in indexes[place].pop(key, ()) if x.offer_id not in left)
                if found:
                    indexes[place][key] = found
        for offer in live:
            place, keys = _narrowest(offer)
            for key in keys:
                indexes[place][key] = (*indexes[place].get(key, ()), offer)
        kept = [x for x in self._everywhere if x.offer_id not in left]
        kept += [x for x in live if not _narrowest(x)[1]]
        return self._of(revision, by_id, [MappingProxyType(x) for x in indexes], tuple(kept))

    @classmethod
    def _of(
        cls, revision: int, by_id: dict[str, OfferTerms], indexes: list[_Index], everywhere: tuple[OfferTerms, ...]
    ) -> OfferBook:
        by_code: dict[str, OfferTerms] = {}
        for offer in by_id.values():
            if not offer.display_code:
                continue
            code = offer.display_code.casefold()
            # Of two offers with one code the live one answers to it.
            if code not in by_code or by_code[code].state != LIVE_STATE:
                by_code[code] = offer
        by_item, by_location, by_place, by_category = indexes
        ids, codes = MappingProxyType(by_id), MappingProxyType(by_code)
        placed = any(is_placed(x.applicability) for x in by_id.values() if x.state == LIVE_STATE)
        return cls(revision, ids, codes, by_item, by_location, by_category, by_place, everywhere, placed)

    def candidates(
        self,
        location_id: str,
        item_id: str,
        category: str,
        *,
        products: tuple[tuple[str, str], ...] = (),
        place: PlaceFacts = NOWHERE,
        limited: bool = False,
    ) -> tuple[OfferTerms, ...]:
        """Return the live-state offers that could apply here, by id.

        `products` are the (product id, category) pairs the driver added; `place` is what is known of the connector
        and its site. The cost does not depend on the number of offers for other items, places or categories, and where
        only those that are `limited` to some of these are wanted, neither on that of offers for everything.
        """
        place = place if self._is_placed else NOWHERE
        if not products and not limited and item_id not in self._by_item:
            return self._shared(location_id, category, place)
        categories = {category, *(x[1] for x in products)}
        return self._search(location_id, {item_id, *(x[0] for x in products)}, categories, place, limited=limited)

    def _shared(self, location_id: str, category: str, place: PlaceFacts) -> tuple[OfferTerms, ...]:
        """Return what all items without an offer of their own have in common here."""
        key = location_id if location_id in self._by_location else "", category, place
        if key not in self._known:
            self._known[key] = self._search(location_id, set(), {category}, place)
        return self._known[key]

    def _search(
        self, location_id: str, items: set[str], categories: set[str], place: PlaceFacts, *, limited: bool = False
    ) -> tuple[OfferTerms, ...]:
        everywhere = () if limited else self._everywhere
        found = {x.offer_id: x for x in (*everywhere, *self._by_location.get(location_id, ()))}
        lookups = ((self._by_item, items), (self._by_category, categories), (self._by_place, keys_of(place)))
        for index, keys in lookups:
            for key in keys:
                found.update((x.offer_id, x) for x in index.get(key, ()))
        return tuple(
            found[offer_id]
            for offer_id in sorted(found)
            if _could_apply(found[offer_id].applicability, location_id, items, categories)
            and fits(found[offer_id].applicability, place)
        )

    def get(self, offer_id: str) -> OfferTerms | None:
        """Return the offer with this id, in whatever state."""
        return self._by_id.get(offer_id)

    def by_code(self, code: str) -> OfferTerms | None:
        """Return the offer that answers to a display code, in any case of letters."""
        return self._by_code.get(code.casefold())

    def all(self) -> tuple[OfferTerms, ...]:
        """Return every offer, by id."""
        return tuple(self._by_id.values())


def _could_apply(scope: Applicability, location_id: str, items: set[str], categories: set[str]) -> bool:
    return (
        (not scope.location_ids or location_id in scope.location_ids)
        and (not scope.item_ids or not scope.item_ids.isdisjoint(items))
        and (not scope.categories or not scope.categories.isdisjoint(categories))
    )


def _narrowest(offer: OfferTerms) -> tuple[int, frozenset[str]]:
    """Return which index holds the offer and under which keys: items, else locations, else places, else categories,
    else none."""
    scope = offer.applicability
    restrictions = (scope.item_ids, scope.location_ids, filed_under(scope), scope.categories)
    return next(((place, keys) for place, keys in enumerate(restrictions) if keys), (0, frozenset()))


def _frozen(index: dict[str, list[OfferTerms]]) -> _Index:
    return MappingProxyType({key: tuple(found) for key, found in index.items()})
