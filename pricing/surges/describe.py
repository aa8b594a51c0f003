"""A surge in plain words: how much, when, where, how it is calculated, and who does not pay it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from cpo_portal.network.models import ConnectorType
from pricing.engine.values import Surge, SurgeBasis
from pricing.engine.week import joined, windows_in_words
from pricing.engine.wording import date_text, money_text, plain_number, power_text
from pricing.surges.content import Exemptions, Scope, SurgeContent
from pricing.surges.kinds import SignalKind
from pricing.windows import read_window

_SIGNALS = {
    SignalKind.GRID_STRESS: "the grid is under stress",
    SignalKind.WEATHER: "a weather warning holds",
    SignalKind.EVENT: "an event takes place",
}
_MOST_NAMES = 20


def amount_in_words(content: SurgeContent, currency: str) -> str:
    """Return "20 % of the energy price, at most ₹30.00 per session"."""
    if content.basis is SurgeBasis.PERCENT:
        words = f"{plain_number(content.value)} % of the energy price"
    else:
        per = "kWh" if content.basis is SurgeBasis.PER_KWH else "session"
        words = f"{money_text(content.value, currency)} per {per}"
    if content.maximum_amount is None:
        return words
    return f"{words}, at most {money_text(content.maximum_amount, currency)} per session"


def when_in_words(content: SurgeContent, calendar: str = "") -> str:
    """Return "Saturdays 18:00–21:00, on holidays of Delhi, while a weather warning holds"; `calendar` is its name."""
    days = [f"holidays of {calendar or content.holiday_calendar}"] if content.holiday_calendar else []
    days += [joined([date_text(day) for day in content.dates])] if content.dates else []
    signals = [_SIGNALS[kind] for kind in content.signal_kinds]
    parts = [windows_in_words(map(read_window, content.weekly_windows))]
    parts.append(f"on {joined(days)}" if days else "")
    parts.append(f"while {' or '.join(signals)}" if signals else "")
    return ", ".join(x for x in parts if x) or "at all times"


def where_in_words(scope: Scope, names: Mapping[str, str] | None = None) -> str:
    """Return "at Connaught Place, at CCS2 connectors from 50 kW"; `names` are those of places and products, by id."""
    known = names or {}
    kinds = dict(ConnectorType.choices)
    connectors = " or ".join(kinds.get(x, x) for x in scope.connector_types)
    bounds = [f"from {power_text(scope.min_power_w)}"] if scope.min_power_w is not None else []
    bounds += [f"up to {power_text(scope.max_power_w)}"] if scope.max_power_w is not None else []
    parts = [
        _at(scope.location_ids, known),
        f"at places tagged {_listed(scope.location_tags)}" if scope.location_tags else "",
        _at((*scope.charger_ids, *scope.item_ids), known),
        " ".join(x for x in ("at", connectors, "connectors", *bounds) if x) if connectors or bounds else "",
        f"with {_listed([known.get(x, x) for x in scope.product_ids])}" if scope.product_ids else "",
    ]
    return ", ".join(x for x in parts if x) or "everywhere"


def calculation_in_words(content: SurgeContent, currency: str) -> str:
    """Return how the amount on the bill comes about, in whole sentences."""
    if content.basis is SurgeBasis.PERCENT:
        words = f"{plain_number(content.value)} % of what the energy costs that flows while the surcharge holds"
    elif content.basis is SurgeBasis.PER_KWH:
        words = f"{money_text(content.value, currency)} for each kWh that flows while the surcharge holds"
    else:
        words = f"{money_text(content.value, currency)} once, if any energy flows while the surcharge holds"
    sentences = [f"{words}, before tax."]
    if content.maximum_amount is not None:
        sentences.append(f"At most {money_text(content.maximum_amount, currency)} per session.")
    if content.stacking_group:
        sentences.append("Of several such surcharges that hold at the same time only the largest is charged.")
    sentences.append("It comes on top of the price of charging, and never on top of another surcharge.")
    return " ".join(sentences)


def calculation_of(surge: Surge, currency: str) -> str:
    """Return the same of a surge that a quote has locked."""
    content = SurgeContent(basis=surge.basis, value=surge.value, maximum_amount=surge.cap, stacking_group=surge.group)
    return calculation_in_words(content, currency)


def cap_in_words(percent: Decimal | None) -> tuple[str, ...]:
    """Return what bounds all surges of a session together, for drivers; nothing where nothing does."""
    if percent is None:
        return ()
    return (f"All surcharges of a session together add at most {plain_number(percent)} % of what its energy costs.",)


def exempt_in_words(exempt: Exemptions, names: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return who does not pay, each as "drivers of Acme"; `names` are those of segments, by id."""
    known = names or {}
    said = [known.get(x, x) for x in exempt.segment_ids]
    said += [f"drivers of {x}" for x in exempt.organisations]
    said += [f"cars of {x}" for x in exempt.vehicle_makes]
    said += [f"who buys through {x}" for x in exempt.bap_ids]
    if exempt.below_charge_percent is not None:
        said.append(f"cars whose battery is below {exempt.below_charge_percent} %")
    if exempt.first_session:
        said.append("a driver's first session")
    return tuple(said)


def _at(ids: Sequence[str], names: Mapping[str, str]) -> str:
    return f"at {_listed([names.get(x, x) for x in ids])}" if ids else ""


def _listed(names: Sequence[str]) -> str:
    rest = [f"{len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else []
    return joined([*names[:_MOST_NAMES], *rest])
