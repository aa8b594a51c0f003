"""What was known of a customer when one of their past sessions was bought: pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from cpo_portal.charging.segments.rules import CustomerFacts


class Stop(NamedTuple):
    """A session that gave energy: when it stopped, Wh, and the vehicle's make where the buyer app named it."""

    at: datetime
    energy_wh: int
    vehicle_make: str = ""


class History:
    """The facts of a customer up to some instant, and each session that stopped later, in the order of time.

    What no session changes (tier, organisation, day of joining, lists, the make that the CPO keeps) has no past: it is
    what it was when the facts were read.
    """

    __slots__ = ("_base", "_energy", "_makes", "_times")

    def __init__(self, base: CustomerFacts, stops: Iterable[Stop] = ()) -> None:
        found = list(stops)
        self._base = base
        self._times = [x.at for x in found]
        self._energy = list(accumulate((x.energy_wh for x in found), initial=base.energy_wh))
        #: How many sessions there must have been until each make was known.
        self._makes: dict[str, int] = {}
        for count, stop in enumerate(found, start=1):
            if stop.vehicle_make:
                self._makes.setdefault(stop.vehicle_make, count)

    def facts(
        self, *, at: datetime, until: datetime, windows: Collection[int] = (), vehicle_make: str = ""
    ) -> CustomerFacts:
        """Return the facts as they were at `until`; rules look back from `at`, over so many days each.

        What lies before the instant up to which the history was summed up counts in no number of days.
        """
        base, count = self._base, bisect_right(self._times, until)
        # By place, which takes a third of the time of a copy with changes.
        return CustomerFacts(
            base.tier,
            base.organisation,
            base.joined_on,
            self._makes_by(count, vehicle_make),
            base.sessions + count,
            self._times[count - 1] if count else base.last_session,
            self._energy[count],
            tuple([(days, self._within(at - timedelta(days=days), count)) for days in windows]),
            base.lists,
        )

    def _makes_by(self, count: int, vehicle_make: str) -> tuple[str, ...]:
        if not self._makes and (not vehicle_make or vehicle_make in self._base.vehicle_makes):
            return self._base.vehicle_makes
        makes = {*self._base.vehicle_makes, *(make for make, least in self._makes.items() if least <= count)}
        if vehicle_make:
            makes.add(vehicle_make)
        return tuple(sorted(makes))

    def _within(self, after: datetime, count: int) -> int:
        return max(0, count - bisect_right(self._times, after))
