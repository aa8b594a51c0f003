"""In which of the CPO's segments a replayed session counts: those of its customer, as offers for them are judged."""

from __future__ import annotations

from collections.abc import Iterable

from cpo_portal.charging.segments.deciding import is_in
from cpo_portal.charging.segments.rules import Moment, Segment, is_of_the_moment
from offers.engine.backtest.values import PastSession
from pricing.engine.windows import zone_of

#: What the group of a session is called that is in none.
SEGMENT, IN_NONE = "Segment", "In none of your segments"


class Membership:
    """The segments of past sessions, decided once per customer where neither the day nor earlier sessions matter."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        found = tuple(segments)
        self._of_the_moment = tuple(x for x in found if is_of_the_moment(x))
        self._lasting = tuple(x for x in found if not is_of_the_moment(x))
        #: By the customer's name, whose record is the same all along, and the buyer app.
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}

    def groups_of(self, session: PastSession) -> tuple[tuple[str, str], ...]:
        """Return where the session counts, as pairs such as ("Segment", "Gold (gold)"); nothing without segments."""
        if not self._lasting and not self._of_the_moment:
            return ()
        key = session.customer, session.bap_id
        lasting = self._known.get(key)
        if lasting is None:
            lasting = self._known[key] = _names(self._lasting, session)
        names = (*lasting, *_names(self._of_the_moment, session))
        return tuple((SEGMENT, name) for name in names or (IN_NONE,))


def _names(segments: tuple[Segment, ...], session: PastSession) -> tuple[str, ...]:
    if not segments:
        return ()
    start = session.cart.request.planned_start
    moment = Moment(start, start.astimezone(zone_of(session.cart.time_zone)).date(), session.bap_id)
    return tuple(f"{x.name} ({x.segment_id})" for x in segments if is_in(x, session.facts, moment))
