"""What staff write into a surge schedule, and every reason to refuse it: by field, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from cpo_portal.charging.models import Segment
from cpo_portal.database.instants import FIRST_YEAR, LAST_YEAR
from cpo_portal.network.models import Charger, Connector, ConnectorType, Location, Product
from pricing.engine.codec import decode, encode
from pricing.engine.values import SurgeBasis
from pricing.models import DemandPolicy, HolidayCalendar, SurgeSchedule, SurgeVersion
from pricing.surges.kinds import SignalKind
from pricing.windows import normal_windows

MOST_DATES = 366
MOST_IDS = 1000
LONGEST_NAME = 100
_MOST_VALUE = {SurgeBasis.PERCENT: Decimal(1000), SurgeBasis.PER_KWH: Decimal(10_000), SurgeBasis.FIXED: Decimal(10**6)}
_HIGHEST_POWER = 10_000_000
_Finding = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a surge applies: at connectors that fit all that is named, one of each list; nothing named is everywhere.

    Power is in watts, both bounds inclusive. With `product_ids` it applies to sessions that order one of these.
    """

    location_ids: tuple[str, ...] = ()
    location_tags: tuple[str, ...] = ()
    item_ids: tuple[str, ...] = ()
    charger_ids: tuple[str, ...] = ()
    connector_types: tuple[str, ...] = ()
    min_power_w: int | None = None
    max_power_w: int | None = None
    product_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exemptions:
    """Who does not pay: whoever fits any of these. `below_charge_percent` is of the battery, as the buyer app says."""

    segment_ids: tuple[str, ...] = ()
    bap_ids: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    vehicle_makes: tuple[str, ...] = ()
    below_charge_percent: int | None = None
    first_session: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgeContent:
    """What one version says.

    `value` is in percent of what the energy costs, in money per kWh or per session, as `basis` says;
    `maximum_amount` bounds it per session. It holds in any of `weekly_windows` (none: at all hours), on holidays of
    the calendar or on `dates` (neither: on all days), while a signal of one of `signal_kinds` counts (none: without),
    from `valid_from` to before `valid_until`.
    """

    basis: SurgeBasis = SurgeBasis.PERCENT
    value: Decimal = Decimal(0)
    maximum_amount: Decimal | None = None
    stacking_group: str = ""
    explanation: str = ""
    weekly_windows: tuple[dict[str, Any], ...] = ()
    holiday_calendar: str = ""
    dates: tuple[date, ...] = ()
    signal_kinds: tuple[SignalKind, ...] = ()
    scope: Scope = field(default_factory=Scope)
    exemptions: Exemptions = field(default_factory=Exemptions)
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def content_of(version: SurgeVersion) -> SurgeContent:
    """Return what a version says."""
    return SurgeContent(
        basis=SurgeBasis(version.basis),
        value=version.value,
        maximum_amount=version.maximum_amount,
        stacking_group=version.stacking_group,
        explanation=version.explanation,
        weekly_windows=tuple(version.weekly_windows),
        holiday_calendar=version.holiday_calendar,
        dates=tuple(version.dates),
        signal_kinds=tuple(SignalKind(x) for x in version.signal_kinds),
        scope=decode(Scope, version.scope),
        exemptions=decode(Exemptions, version.exemptions),
        valid_from=version.valid_from,
        valid_until=version.valid_until,
    )


def write_content(version: SurgeVersion, content: SurgeContent) -> None:
    """Put checked content into the fields of a version."""
    version.basis = content.basis.value
    version.value, version.maximum_amount = content.value, content.maximum_amount
    version.stacking_group, version.explanation = content.stacking_group, content.explanation
    version.weekly_windows = list(content.weekly_windows)
    version.holiday_calendar, version.dates = content.holiday_calendar, list(content.dates)
    version.signal_kinds = [x.value for x in content.signal_kinds]
    version.scope, version.exemptions = encode(content.scope), encode(content.exemptions)
    version.valid_from, version.valid_until = content.valid_from, content.valid_until


def checked(schedule: SurgeSchedule, content: SurgeContent) -> SurgeContent:
    """Return the content in its normal form, or raise ValidationError by field; inside the CPO's scope."""
    content = _normal(content)
    errors: dict[str, list[str]] = {}
    for name, sentence in (
        *_named(schedule),
        *_amounts(content),
        *_times(content),
        *_places(content),
        *_exempt(content),
    ):
        errors.setdefault(name, []).append(sentence)
    try:
        windows = normal_windows(content.weekly_windows)
    except ValidationError as refusal:
        errors.setdefault("weekly_windows", []).extend(refusal.messages)
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]
    return replace(content, weekly_windows=windows)


def _normal(content: SurgeContent) -> SurgeContent:
    """Return lists sorted, each entry once and without space around it."""
    return replace(
        content,
        stacking_group=content.stacking_group.strip(),
        explanation=" ".join(content.explanation.split()),
        dates=tuple(sorted(set(content.dates))),
        signal_kinds=tuple(sorted(set(content.signal_kinds))),
        scope=_lists_sorted(content.scope),
        exemptions=_lists_sorted(content.exemptions),
    )


def _lists_sorted(document: Any) -> Any:
    lists = {name: getattr(document, name) for name in document.__slots__ if isinstance(getattr(document, name), tuple)}
    return replace(
        document, **{name: tuple(sorted({x.strip() for x in found} - {""})) for name, found in lists.items()}
    )


def _named(schedule: SurgeSchedule) -> Iterator[_Finding]:
    # Bills name both by this id.
    if schedule.pk is None and DemandPolicy.objects.filter(policy_id=schedule.schedule_id).exists():
        yield "schedule_id", "A demand policy has this id: choose another one."


def _amounts(content: SurgeContent) -> Iterator[_Finding]:
    value, most = content.value, _MOST_VALUE[content.basis]
    if not value.is_finite() or not 0 < value <= most or value != round(value, 4):
        yield "value", f"Give a number above 0 and up to {most:,f} with at most four decimals."
    elif content.basis is SurgeBasis.FIXED and value != round(value, 2):
        yield "value", "Give an amount per session with at most two decimals."
    cap = content.maximum_amount
    if cap is not None and (not cap.is_finite() or not 0 < cap < 10**9 or cap != round(cap, 2)):
        yield "maximum_amount", "Give an amount above 0 with at most two decimals, or leave it empty."
    elif cap is not None and content.basis is SurgeBasis.FIXED and cap < value:
        yield "maximum_amount", "It is below the amount per session: lower that, or leave this empty."
    if len(content.stacking_group) > 40:
        yield "stacking_group", "Shorten the group to 40 characters."
    if content.stacking_group and (content.basis is SurgeBasis.FIXED or cap is not None):
        # With a bound on the largest, to end it would let a smaller one charge more.
        yield (
            "stacking_group",
            "Surges of a group are compared per kWh: choose percent or an amount per kWh without a most per session, "
            "or leave the group empty.",
        )
    if len(content.explanation) > 300:
        yield "explanation", "Shorten the explanation to 300 characters."


def _times(content: SurgeContent) -> Iterator[_Finding]:
    if content.valid_from and content.valid_until and content.valid_until <= content.valid_from:
        yield "valid_until", "It ends before it begins: give a later end or leave it empty."
    if len(content.dates) > MOST_DATES:
        yield "dates", f"Name at most {MOST_DATES} dates: use weekly windows or a holiday calendar instead."
    if any(not FIRST_YEAR <= day.year <= LAST_YEAR for day in content.dates):
        yield "dates", f"Name dates in the years {FIRST_YEAR} to {LAST_YEAR}."
    named = content.holiday_calendar
    if named and not HolidayCalendar.objects.filter(calendar_id=named).exists():
        yield "holiday_calendar", f"You have no holiday calendar “{named}”: make it first, or choose one of yours."


def _places(content: SurgeContent) -> Iterator[_Finding]:
    scope = content.scope
    yield from _unknown("location_ids", scope.location_ids, Location, "location_id", "location")
    yield from _unknown("item_ids", scope.item_ids, Connector, "item_id", "connector")
    yield from _unknown("charger_ids", scope.charger_ids, Charger, "evse_id", "charger")
    yield from _unknown("product_ids", scope.product_ids, Product, "product_id", "product")
    for kind in scope.connector_types:
        if kind not in ConnectorType.values:
            yield "connector_types", f"“{kind}” is no connector type: choose one of the list."
    least, most = scope.min_power_w, scope.max_power_w
    for name, bound in (("min_power_w", least), ("max_power_w", most)):
        if bound is not None and not 1 <= bound <= _HIGHEST_POWER:
            yield name, "Give a power between 1 W and 10 MW, or leave it empty."
    if least is not None and most is not None and least > most:
        yield "max_power_w", "The most is below the least: raise it or leave it empty."
    yield from _too_long("location_tags", scope.location_tags, 30)


def _exempt(content: SurgeContent) -> Iterator[_Finding]:
    exempt = content.exemptions
    yield from _unknown("segment_ids", exempt.segment_ids, Segment, "segment_id", "segment")
    for name in ("bap_ids", "organisations", "vehicle_makes"):
        yield from _too_long(name, getattr(exempt, name), LONGEST_NAME)
    if exempt.below_charge_percent is not None and not 1 <= exempt.below_charge_percent <= 100:
        yield "below_charge_percent", "Give a percentage between 1 and 100, or leave it empty."


def _unknown(name: str, wanted: tuple[str, ...], model: Any, key: str, noun: str) -> Iterator[_Finding]:
    if len(wanted) > MOST_IDS:
        yield name, f"Name at most {MOST_IDS}: use tags or leave it empty for all."
        return
    known = set(model.objects.filter(**{f"{key}__in": wanted}).values_list(key, flat=True)) if wanted else set()
    for missing in wanted:
        if missing not in known:
            yield name, f"You have no {noun} “{missing}”: name one of yours."


def _too_long(name: str, said: Iterable[str], most: int) -> Iterator[_Finding]:
    found = list(said)
    if len(found) > MOST_IDS:
        yield name, f"Name at most {MOST_IDS}."
    if any(len(x) > most for x in found):
        yield name, f"Shorten each to {most} characters."
