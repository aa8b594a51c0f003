"""Meter readings of a running session: many in one call, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.db import transaction

from cpo_portal.charging.models import ChargingSession, MeterReading, SessionState
from cpo_portal.charging.refusals import ChargingRefusal, RefusalCode
from cpo_portal.charging.sessions.checks import refuse_time
from cpo_portal.charging.sessions.reports import lock_session
from cpo_portal.network.models import ChargingSystem

#: The most readings that one call may carry.
MAX_READINGS = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """The meter's cumulative register at an instant, and what else the charger measured."""

    at: datetime
    register_wh: int
    power_w: int | None = None
    soc_percent: int | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The session, and how many readings were new; the others had been reported before."""

    session: ChargingSession
    added: int


@transaction.atomic
def record_readings(
    system: ChargingSystem, session_id: str, readings: Sequence[Reading], *, item_id: str = "", now: datetime
) -> Recorded:
    """Keep a session's readings, in whatever order they come; raises ChargingRefusal and keeps none.

    A reading with the same time and register as a kept one is that one. `item_id`, where given, must be the session's.
    """
    _, session = lock_session(system, session_id)
    if item_id and item_id != session.connector.item_id:
        raise ChargingRefusal(
            RefusalCode.OTHER_CONNECTOR, f"The session runs on {session.connector.item_id}, not on {item_id}."
        )
    kept = _registers(session, [reading.at for reading in readings])
    new = _new_ones(readings, kept)
    if not new:
        return Recorded(session, 0)
    if session.state == SessionState.STOPPED:
        raise ChargingRefusal(RefusalCode.SESSION_STOPPED, "This session has stopped; nothing can be added to it.")
    for reading in new:
        refuse_time(session, reading.at, now)
    _refuse_backwards(session, new)
    MeterReading.objects.bulk_create(
        MeterReading(
            session=session,
            measured_at=reading.at,
            register_wh=reading.register_wh,
            power_w=reading.power_w,
            soc_percent=reading.soc_percent,
        )
        for reading in new
    )
    latest = max(new, key=lambda reading: reading.at)
    session.heard_at = now
    if latest.at > session.last_reading_at:
        session.last_reading_at, session.last_register_wh = latest.at, latest.register_wh
    session.save(update_fields=["heard_at", "last_reading_at", "last_register_wh"])
    return Recorded(session, len(new))


def _registers(session: ChargingSession, instants: list[datetime]) -> dict[datetime, int]:
    return dict(session.readings.filter(measured_at__in=instants).values_list("measured_at", "register_wh"))


def _new_ones(readings: Sequence[Reading], kept: dict[datetime, int]) -> list[Reading]:
    """Return the readings that are not known yet, by time; the same instant cannot have two registers."""
    known, new = dict(kept), []
    for reading in sorted(readings, key=lambda reading: reading.at):
        if reading.at not in known:
            known[reading.at] = reading.register_wh
            new.append(reading)
        elif known[reading.at] != reading.register_wh:
            raise ChargingRefusal(
                RefusalCode.READING_CHANGED,
                f"At {reading.at:%Y-%m-%dT%H:%M:%SZ} the register was {known[reading.at]} Wh, "
                f"not {reading.register_wh} Wh; a reading cannot be changed.",
            )
    return new


def _refuse_backwards(session: ChargingSession, new: list[Reading]) -> None:
    """Refuse a register that is below an earlier one or above a later one."""
    kept = session.readings
    before = kept.filter(measured_at__lt=new[0].at).order_by("-measured_at").first()
    after = kept.filter(measured_at__gt=new[-1].at).order_by("measured_at").first()
    between = kept.filter(measured_at__gt=new[0].at, measured_at__lt=new[-1].at)
    series = [(row.measured_at, row.register_wh) for row in (before, *between, after) if row is not None]
    series += [(reading.at, reading.register_wh) for reading in new]
    for (_, earlier), (at, later) in pairwise(sorted(series)):
        if later < earlier:
            raise ChargingRefusal(
                RefusalCode.REGISTER_BACKWARDS,
                f"The register ran backwards from {earlier} to {later} Wh at {at:%Y-%m-%dT%H:%M:%SZ}; "
                "send the meter's cumulative register.",
            )
