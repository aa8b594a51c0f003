"""What a demand policy may say: its rules from numbers, and the columns of its row, refused by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError

from cpo_portal.network.models import Location
from pricing.engine.demand import DemandPolicy as Rules
from pricing.engine.demand_policy import DemandPolicyError
from pricing.engine.wording import span_text
from pricing.models import DemandPolicy, SurgeSchedule
from pricing.surges.content import MOST_IDS

_SURGE_HAS_IT = "A surge has this id: choose another one."
_POLICY_HAS_IT = "You already have a demand policy “{}”: choose another id."


def rules_from(numbers: Mapping[str, Any], promised: timedelta) -> Rules:
    """Return the rules of these values, by the engine's names; raises ValidationError by name where they contradict
    themselves, or announce a rise later than the CPO promises."""
    if numbers["notice"] < promised:
        least = span_text(promised)
        raise ValidationError({"notice": f"Set it to at least {least}, which you promise of levels of demand."})
    try:
        return Rules(**numbers)
    except DemandPolicyError as refusal:
        faults: dict[str, list[str]] = {}
        for name, sentence in refusal.faults:
            faults.setdefault(name, []).append(sentence)
        raise ValidationError(faults) from refusal  # type: ignore[arg-type]


def check_policy(policy: DemandPolicy, before: DemandPolicy | None) -> None:
    """Raise ValidationError by field for what the row of a policy may not say; `before` is how it was saved last, None
    of a new one. What it named before may be gone. Inside the CPO's scope."""
    errors: dict[str, list[str]] = {}
    try:
        policy.clean_fields()
    except ValidationError as refusal:
        errors |= refusal.message_dict
    if before is None and SurgeSchedule.objects.filter(schedule_id=policy.policy_id).exists():
        errors["policy_id"] = [_SURGE_HAS_IT]
    elif before is None and DemandPolicy.objects.filter(policy_id=policy.policy_id).exists():
        errors["policy_id"] = [taken(policy)]
    for name, sentence in _places(policy, before):
        errors.setdefault(name, []).append(sentence)
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]


def taken(policy: DemandPolicy) -> str:
    """Return what is said to whoever writes an id that a policy has."""
    return _POLICY_HAS_IT.format(policy.policy_id)


def _places(policy: DemandPolicy, before: DemandPolicy | None) -> Iterator[tuple[str, str]]:
    if len(policy.location_ids) > MOST_IDS:
        yield "location_ids", f"Name at most {MOST_IDS}: use tags or leave it empty for all."
    else:
        new = [x for x in policy.location_ids if before is None or x not in before.location_ids]
        known = set(Location.objects.filter(location_id__in=new).values_list("location_id", flat=True)) if new else ()
        for missing in new:
            if missing not in known:
                yield "location_ids", f"You have no location “{missing}”: name one of yours."
    if len(policy.location_tags) > MOST_IDS:
        yield "location_tags", f"Name at most {MOST_IDS}."
