"""Surge schedules as the API takes and answers them: how they stand now, and each version in words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from rest_framework import serializers

from cpo_portal.accounts.models import Cpo
from cpo_portal.network.api_fields import InstantField, OneOfField
from cpo_portal.network.api_strict import StrictSerializer
from pricing.api.parts import BasedOnSerializer, RevisionField
from pricing.api.surge_content import SurgeContentSerializer
from pricing.describe import validity_in_words
from pricing.models import SurgeKindChoice, SurgeSchedule, SurgeVersion
from pricing.surges import describe
from pricing.surges.cautions import Cautions
from pricing.surges.ceilings import SurgeCeilings
from pricing.surges.content import SurgeContent, content_of
from pricing.surges.kinds import FAMILIES, SurgeKind
from pricing.surges.layers import InTime
from pricing.surges.naming import names_of
from pricing.surges.versions import versions_of
from pricing.versions.revisions import revision_of
from pricing.versions.validity import ALWAYS, Period, Span


class SurgeInSerializer(StrictSerializer):
    """A new surge schedule: its draft is made, nothing is published."""

    schedule_id = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=100, help_text="Drivers read it on the bill, for example Congestion fee.")
    kind = OneOfField(choices=SurgeKindChoice.choices, help_text="What it is for.")
    content = SurgeContentSerializer()


class SurgeChangeSerializer(BasedOnSerializer):
    """What to change; the content goes into a draft, name and kind apply at once."""

    name = serializers.CharField(max_length=100, required=False)
    kind = OneOfField(choices=SurgeKindChoice.choices, required=False)
    content = SurgeContentSerializer(required=False)


class SurgeWordsSerializer(serializers.Serializer[Any]):
    """A version of a surge in plain words."""

    amount = serializers.CharField(help_text="How much, such as “20 % of the energy price”.")
    when = serializers.CharField()
    where = serializers.CharField()
    calculation = serializers.CharField(help_text="How the amount on the bill comes about.")
    exempt = serializers.ListField(child=serializers.CharField(), help_text="Who does not pay it.")
    validity = serializers.CharField(help_text="For sessions of when; empty where it has no bounds.")


class SurgeVersionSerializer(serializers.Serializer[Any]):
    """A version of a surge schedule."""

    number = serializers.IntegerField()
    revision = RevisionField()
    content = SurgeContentSerializer()
    words = SurgeWordsSerializer()
    warnings = serializers.ListField(
        child=serializers.CharField(),
        help_text="Why it is not charged, or not all of it; of a draft, ceilings it is above.",
    )
    submitted_at = InstantField(allow_null=True, help_text="Since when it is in review.")
    published_at = InstantField(allow_null=True)
    effective_from = InstantField(allow_null=True, help_text="When the notice of this version is over.")
    applies_from = InstantField(
        allow_null=True, help_text="The first planned start that it prices; null of a draft and of what prices nothing."
    )
    applies_until = InstantField(allow_null=True, help_text="The first planned start that it prices no more.")


class SurgeScheduleSerializer(serializers.Serializer[Any]):
    """A surge schedule with the version that prices sessions now, those announced, and the draft."""

    schedule_id = serializers.CharField()
    name = serializers.CharField()
    kind = OneOfField(choices=SurgeKindChoice.choices)
    family = serializers.CharField(help_text="PEAK_DEMAND, LOCATION, TIME, SERVICE or ENVIRONMENTAL.")
    state = serializers.CharField(help_text="DRAFT, IN_REVIEW, APPROVED (published), PAUSED, ENDED or ARCHIVED.")
    live = SurgeVersionSerializer(
        allow_null=True, help_text="Where none prices sessions now or later, the last that was published."
    )
    coming = SurgeVersionSerializer(many=True, help_text="What is announced, in order of time.")
    draft = SurgeVersionSerializer(allow_null=True)
    prices_from = InstantField(
        allow_null=True,
        help_text="When the notice of its last start or resumption is over; before that it adds nothing.",
    )
    created_at = InstantField()


def answers_of(schedules: Collection[SurgeSchedule], cpo: Cpo, now: datetime) -> list[dict[str, Any]]:
    """Return schedules, their live version loaded, in the shape of SurgeScheduleSerializer, in few queries."""
    found = versions_of(schedules, now)
    shown = {x.pk: content_of(x) for versions in found.values() for x in versions.all()}
    telling = _Telling(shown, cpo, now)
    return [
        {
            "schedule_id": x.schedule_id,
            "name": x.name,
            "kind": x.kind,
            "family": FAMILIES[SurgeKind(x.kind)].value,
            "state": x.state,
            "live": telling.held(versions.live) if versions.live else None,
            "coming": [telling.held(span) for span in versions.coming],
            "draft": telling.draft(x, versions.draft) if versions.draft else None,
            "prices_from": x.prices_from,
            "created_at": x.created_at,
        }
        for x, versions in ((x, found[x.pk]) for x in schedules)
    ]


class _Telling:
    """Versions as the API tells them, with the names and cautions that all of them need."""

    def __init__(self, contents: dict[int, SurgeContent], cpo: Cpo, now: datetime) -> None:
        self.contents = contents
        self.cpo = cpo
        self.names = names_of(contents.values())
        self.cautions = Cautions(cpo, contents.values(), now)
        self.ceilings = SurgeCeilings()

    def draft(self, schedule: SurgeSchedule, version: SurgeVersion) -> dict[str, Any]:
        """Return the draft, also with the ceilings that it would lift a price above."""
        said = self.version(version, ALWAYS)
        above = self.ceilings.above(schedule, self.contents[version.pk])
        return said | {"warnings": (*said["warnings"], *(found.sentence for found in above))}

    def held(self, span: Span[InTime]) -> dict[str, Any]:
        return self.version(span.version.version, span.period)

    def version(self, version: SurgeVersion, period: Period) -> dict[str, Any]:
        content = self.contents[version.pk]
        return {
            "number": version.number,
            "revision": revision_of(version.number, content),
            "content": content,
            "words": self._words(content),
            "warnings": self.cautions.of(content),
            "submitted_at": version.submitted_at,
            "published_at": version.published_at,
            "effective_from": version.effective_from,
            "applies_from": period.valid_from,
            "applies_until": period.valid_until,
        }

    def _words(self, content: SurgeContent) -> dict[str, Any]:
        names, currency = self.names, self.cpo.currency
        return {
            "amount": describe.amount_in_words(content, currency),
            "when": describe.when_in_words(content, names.get(content.holiday_calendar, "")),
            "where": describe.where_in_words(content.scope, names),
            "calculation": describe.calculation_in_words(content, currency),
            "exempt": describe.exempt_in_words(content.exemptions, names),
            "validity": validity_in_words(Period(content.valid_from, content.valid_until), self.cpo.time_zone),
        }
