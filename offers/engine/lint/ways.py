"""The ways into segments: sets of plain conditions, negations among them, that put whoever meets them all into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product

from cpo_portal.charging.segments.rules import Condition, Fact, Rule, Segment

#: Conditions that are to be met together; none of them names a segment.
Way = tuple[Condition, ...]
#: Of a rule so many ways are followed, and of several segments together so many.
_MOST_OF_A_RULE, _MOST = 256, 4096
#: Facts of which a condition gives values that are OR.
_NAMING = frozenset({Fact.TIER, Fact.ORGANISATION, Fact.VEHICLE_MAKE, Fact.BAP, Fact.LIST})


def ways_into(groups: Sequence[tuple[Segment, ...]]) -> Iterator[Way]:
    """Yield the ways into one segment of each group, as far as they are followed."""
    choices = [[way for segment in group for way in islice(_into(segment), _MOST_OF_A_RULE)] for group in groups]
    return islice(_together(choices), _MOST)


def _into(segment: Segment) -> Iterator[Way]:
    rules = {rule.segment_id: rule for rule in segment.rules}
    own = rules.get(segment.segment_id)
    return _by_rule(own, rules, wanted=True) if own is not None else iter(())


def _by_rule(rule: Rule, rules: Mapping[str, Rule], *, wanted: bool) -> Iterator[Way]:
    """Yield the ways to be, or not to be, of one rule: not of all of its conditions is without any of them."""
    if not rule.conditions:
        return iter(()) if wanted else iter(((),))
    conditions = rule.conditions if rule.match_all or not wanted else _in_one(rule.conditions)
    parts = [list(islice(_by_condition(x, rules, wanted=wanted), _MOST_OF_A_RULE)) for x in conditions]
    return _together(parts) if rule.match_all is wanted else (way for part in parts for way in part)


def _in_one(conditions: Sequence[Condition]) -> Iterator[Condition]:
    """Yield conditions of which any may hold, those that name values of one fact as one: it is one way, not many."""
    named: dict[Fact, Condition] = {}
    for condition in conditions:
        if condition.negated or condition.fact not in _NAMING:
            yield condition
        elif condition.fact in named:
            before = named[condition.fact]
            named[condition.fact] = replace(before, values=(*before.values, *condition.values))
        else:
            named[condition.fact] = condition
    yield from named.values()


def _by_condition(condition: Condition, rules: Mapping[str, Rule], *, wanted: bool) -> Iterator[Way]:
    holds = wanted is not condition.negated
    if condition.fact is not Fact.SEGMENT:
        yield (replace(condition, negated=not holds),)
        return
    # A rule stands after those that it names, so this ends; nobody is of one that is gone.
    named = [rules[name] for name in condition.values if name in rules]
    if holds:
        for rule in named:
            yield from _by_rule(rule, rules, wanted=True)
    else:
        yield from _together([list(islice(_by_rule(x, rules, wanted=False), _MOST_OF_A_RULE)) for x in named])


def _together(parts: Sequence[Sequence[Way]]) -> Iterator[Way]:
    return (tuple(dict.fromkeys(x for way in ways for x in way)) for ways in product(*parts))
