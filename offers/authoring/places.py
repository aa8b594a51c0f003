"""What is refused of the places that an offer names: tags, areas, circles, chargers and classes of connector."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from cpo_portal.network.models import Charger, ConnectorType, Location
from offers.authoring.unread import Finding, readable, told
from offers.known import names_there, recall
from offers.models import Offer
from offers.models.where import HALF_A_CIRCLE, UPSIDE_DOWN_POWER, CurrentChoice

if TYPE_CHECKING:
    from offers.authoring.content import OfferContent

#: Attributes that hold several names, each in its normal form sorted and without repetitions.
PLACE_LISTS = ("location_tags", "cities", "states", "charger_ids", "connector_types", "currents")
#: Half the circumference of the earth.
FARTHEST_KM = 20_000
#: Checked here alone, so that nothing is said twice of them.
OWN_FIELDS = (*PLACE_LISTS, "radius_km", "min_power_w", "max_power_w")
STRONGEST_W = 2_000_000
_Findings = Iterable[Finding]


def check_places(offer: Offer, content: OfferContent) -> _Findings:
    """Yield each fault as (field, sentence); names must be those of the CPO's own places. Inside its scope."""
    return told((_tags, _cities, _states, _chargers, _types, _currents, _circle, _radius, _power), content)


def _tags(content: OfferContent) -> _Findings:
    return _missing("location_tags", content.location_tags, known_tags, "no location with the tag")


def _cities(content: OfferContent) -> _Findings:
    return _missing("cities", content.cities, known_cities, "no location in")


def _states(content: OfferContent) -> _Findings:
    return _missing("states", content.states, lambda: _column("state"), "no location in")


def _chargers(content: OfferContent) -> _Findings:
    chargers = names_there(Charger.objects, "evse_id", content.charger_ids)
    for name in sorted(set(content.charger_ids) - chargers):
        yield "charger_ids", f"You have no charger “{name}”: give the id of one of yours."


def _types(content: OfferContent) -> _Findings:
    for name in sorted(set(content.connector_types) - set(ConnectorType.values)):
        yield "connector_types", f"There is no connector type “{name}”: use one of {', '.join(ConnectorType.values)}."


def _currents(content: OfferContent) -> _Findings:
    for name in sorted(set(content.currents) - set(CurrentChoice.values)):
        yield "currents", f"There is no current “{name}”: use AC or DC."


def _missing(field: str, named: tuple[str, ...], known: Callable[[], set[str]], words: str) -> _Findings:
    if not named:
        return
    folded = recall(("folded", field), lambda: {name.casefold() for name in known()})
    for name in named:
        if name.casefold() not in folded:
            yield field, f"You have {words} “{name}”: correct it, or change the location first."


def known_tags() -> set[str]:
    """Return the tags of the active CPO's locations."""
    return {tag for tags in Location.objects.values_list("tags", flat=True) for tag in tags}


def known_cities() -> set[str]:
    """Return the names and codes of the cities of the active CPO's locations."""
    return _column("city") | _column("city_code")


def _column(name: str) -> set[str]:
    return set(Location.objects.exclude(**{name: ""}).values_list(name, flat=True).distinct())


def _circle(content: OfferContent) -> _Findings:
    values = {name: getattr(content, name) for name in ("near_latitude", "near_longitude", "radius_km")}
    if None in values.values():
        if any(value is not None for value in values.values()):
            yield next(name for name, value in values.items() if value is None), HALF_A_CIRCLE
        return
    if not all(value.is_finite() for value in values.values()):
        yield "radius_km", "Give latitude, longitude and kilometres as numbers."


def _radius(content: OfferContent) -> _Findings:
    radius = content.radius_km
    if radius is None or not radius.is_finite():
        return
    if not 0 < radius <= FARTHEST_KM or radius != round(radius, 3):
        yield "radius_km", f"Give the radius in kilometres, above 0, up to {FARTHEST_KM}, to the metre."


def _power(content: OfferContent) -> _Findings:
    given = {name: getattr(content, name) for name in readable(content, ("min_power_w", "max_power_w"))}
    wrong = [name for name, value in given.items() if value is not None and not 1 <= value <= STRONGEST_W]
    yield from ((name, f"Give a power above 0 and up to {STRONGEST_W // 1000} kW.") for name in wrong)
    if wrong:
        return
    least, most = content.min_power_w, content.max_power_w
    if least is not None and most is not None and least > most:
        yield "max_power_w", UPSIDE_DOWN_POWER
