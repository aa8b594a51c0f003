"""Where offers may be tried: connectors that buyer apps can order, in their scope, with what they cost now."""

from offers.sites.places import Places, anywhere, places_of
from offers.sites.standing import Standing, standings

__all__ = ["Places", "Standing", "anywhere", "places_of", "standings"]
