"""The admin pages of tariffs and of the tax profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from cpo_portal.adminkit.actions import ActionVariant, object_action
from cpo_portal.adminkit.bases import TenantExportMixin
from cpo_portal.adminkit.display import EMPTY, Tone, chip, column, words
from cpo_portal.adminkit.filters import ChoicesDropdownFilter
from pricing import authoring
from pricing.admin.drafts import DraftAdmin, NoteForm, expected_version, history_row, version_mark, version_row
from pricing.admin.hours import HoursMixin
from pricing.admin.single import SingleRowAdmin
from pricing.authoring.ceilings import Ceilings, Found
from pricing.authoring.claims import coming_of, conflicts_of, holding, live_now
from pricing.authoring.places import location_names, places_of
from pricing.describe import places_in_words, tariff_in_words, validity_in_words
from pricing.forms.tariffs import TariffForm
from pricing.models import Tariff, TariffAssignment, TariffState, TariffVersion, TaxProfile
from pricing.versions.review import Actor
from pricing.versions.validity import Bounded
from pricing.versions.who import people_of

STATE_TONES = {TariffState.DRAFT: Tone.NEUTRAL, TariffState.APPROVED: Tone.GOOD, TariffState.ENDED: Tone.WARN}


_NOWHERE = "Before you publish: name a place, or tick “Applies everywhere”."
_APPLIES = {
    TariffState.DRAFT: "Once it is published it applies",
    TariffState.APPROVED: "Applies",
    TariffState.ENDED: "It has ended; it applied",
}


@admin.register(Tariff)
class TariffAdmin(HoursMixin, TenantExportMixin, DraftAdmin):
    """Tariffs with their versions and places."""

    form = TariffForm
    change_form_template: Any = DraftAdmin.change_form_template
    list_display = ("title", "state_chip", "price", "places")
    list_filter = (("state", ChoicesDropdownFilter),)
    search_fields = ("name", "tariff_id")
    export_columns = {
        "Tariff id": lambda tariff: tariff.tariff_id,
        "Name": lambda tariff: tariff.name,
        "State": Tariff.get_state_display,
        "Price": "price",
        "Applies": lambda tariff: ", ".join(_applies_now(tariff)),
    }
    actions_list = ("hours",)
    actions_detail = ("end_tariff",)
    fieldsets = (
        ("What it is", {"fields": ("name", "tariff_id")}),
        (
            "What it costs",
            {
                "fields": (
                    ("model", "rate"),
                    "components",
                    "fees",
                    ("minimum_price", "maximum_price"),
                    ("wheeling_amount", "wheeling_basis"),
                    "wheeling_title",
                    ("minimum_kwh", "maximum_kwh"),
                )
            },
        ),
        ("When it applies", {"fields": (("valid_from", "valid_until"),)}),
        ("Where it applies", {"fields": ("everywhere", "places", "item_ids")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tariff]:
        drafts = TariffVersion.objects.filter(published_at=None)
        places = TariffAssignment.objects.select_related("location", "connector", "version__tariff")
        rows: QuerySet[Tariff] = super().get_queryset(request).select_related("live_version", "cpo")
        return rows.prefetch_related(
            Prefetch("versions", queryset=drafts, to_attr="drafts"), Prefetch("assignments", queryset=places)
        )

    @column(description="Tariff", header=True, ordering="name")
    def title(self, tariff: Tariff) -> list[str]:
        return [tariff.name, tariff.tariff_id]

    @admin.display(description="State", ordering="state")
    def state_chip(self, tariff: Tariff) -> Any:
        return state_chip(tariff)

    @admin.display(description="Price")
    def price(self, tariff: Tariff) -> str:
        drafts = getattr(tariff, "drafts", ())
        today = live_now(tariff, timezone.now())
        version = today or tariff.live_version or next(iter(drafts), None)
        if version is None:
            return EMPTY
        content = authoring.content_of(version)
        return _with_times(tariff_in_words(content, tax_of(tariff)), content, tariff.cpo.time_zone)

    @admin.display(description="Applies")
    def places(self, tariff: Tariff) -> Any:
        holds = tariff.state == TariffState.APPROVED
        return words(_applies_now(tariff), limit=3) if holds else EMPTY

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return ("tariff_id",) if obj is not None else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        # Who may only look reads the tables of the page instead of a form.
        looks = obj is not None and not self.has_change_permission(request, obj)
        return ((None, {"fields": ("name", "tariff_id")}),) if looks else self.fieldsets

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        tariff = self.get_object(request, str(object_id))
        live = tariff is not None and tariff.state == TariffState.APPROVED
        return super().get_actions_detail(request, object_id) if live else []

    def write_draft(self, request: HttpRequest, obj: Tariff, form: TariffForm) -> Tariff:
        user: Any = request.user
        if obj.pk is None:
            return authoring.create_tariff(
                request.cpo,
                obj.tariff_id,
                obj.name,
                form.content(),
                actor=Actor(user),  # type: ignore[attr-defined]
            )
        authoring.save_draft(obj, form.content(), actor=Actor(user), expected=expected_version(request))
        authoring.rename(obj, obj.name, actor=Actor(user))
        return obj

    def saved_draft(self, obj: Tariff) -> str:
        working = authoring.working_version(obj)
        if working is not None and working.published_at is not None:
            return f"“{obj}” is saved; it says what was published already."
        return f"The draft of “{obj}” is saved, places included; it prices nothing until you publish it."

    def publish_draft(self, request: HttpRequest, obj: Tariff) -> str:
        user: Any = request.user
        working = authoring.working_version(obj)
        if working is not None and working.published_at is not None and obj.state == TariffState.APPROVED:
            return f"“{obj}” is saved; its prices and places were published already."
        published = authoring.publish(obj, by=user)
        version = published.live_version
        if version is None:
            return ""
        if when := validity_in_words(version, obj.cpo.time_zone):
            return f"“{obj}” is published: where it applies version {version.number} is the price {when}."
        return f"“{obj}” is published: from now on version {version.number} prices every quote where it applies."

    @object_action(
        description="End",
        confirm="No quote is priced with this tariff any more; connectors without another tariff are not sold. "
        "Quotes and sessions that have it keep it.",
        icon="stop_circle",
        variant=ActionVariant.DANGER,
        form_class=NoteForm,
    )
    def end_tariff(self, request: HttpRequest, tariff: Tariff, data: dict[str, Any]) -> str:
        user: Any = request.user
        authoring.end(tariff, by=user, note=data["note"])
        return f"“{tariff}” has ended."

    def page(self, request: HttpRequest, tariff: Tariff) -> dict[str, Any]:
        zone, tax = tariff.cpo.time_zone, tax_of(tariff)
        versions = list(tariff.versions.select_related("created_by")[:50])
        now = timezone.now()
        today = live_now(tariff, now)
        told = {version.pk: version for version in (*versions, today) if version is not None}
        contents = {pk: authoring.content_of(version) for pk, version in told.items()}
        names = location_names(place for content in contents.values() for place in content.places)
        prices = {pk: tariff_in_words(content, tax) for pk, content in contents.items()}
        times = {pk: validity_in_words(content, zone) or "at any time" for pk, content in contents.items()}
        where = {pk: places_in_words(content.places, names) for pk, content in contents.items()}
        working, live = versions[0], tariff.live_version
        base = live.pk if live is not None else working.pk
        coming = coming_of(tariff, now)
        shown = today.pk if today is not None else base
        labels = dict(TariffState.choices)
        changes = list(tariff.state_changes.select_related("version", "by")[:50])
        people = people_of(versions, changes, tariff.state_changes.all())
        draft_of_live = live is not None and working.published_at is None
        return {
            "summary_template": "pricing/admin/summary.html",
            "number": working.number,
            "chip": state_chip(tariff),
            "sentence": prices[shown],
            "notes": [
                f"{_APPLIES[TariffState(tariff.state)]}: {where[shown]}.",
                *(f"Version {x.version.number} is the price {validity_in_words(x.period, zone)}." for x in coming),
                *_hindrances(tariff, working),
                *(_warning(found, working) for found in Ceilings().above(contents[working.pk])),
            ],
            "changes": [
                {"label": label, "before": said[base], "after": said[working.pk]}
                for label, said in (("Price", prices), ("Holds", times), ("Applies", where))
                if draft_of_live and said[base] != said[working.pk]
            ],
            "versions": [
                version_row(
                    version,
                    f"{_with_times(prices[version.pk], version, zone)} · {where[version.pk]}",
                    version_mark(version, today.pk if today else None, [x.version.pk for x in coming]),
                    zone,
                    people,
                )
                for version in versions
            ],
            "history": [history_row(change, labels, zone, people) for change in changes],
        }


@admin.register(TaxProfile)
class TaxProfileAdmin(SingleRowAdmin):
    """The one tax line of the CPO."""

    fields = ("label", "rate", "sac_code", "gstin")


def state_chip(tariff: Tariff) -> Any:
    """Return the tariff's state as a chip."""
    return chip(tariff.get_state_display(), STATE_TONES.get(TariffState(tariff.state), Tone.NEUTRAL))


def _applies_now(tariff: Tariff) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, holding(tariff.assignments.all(), timezone.now()))))


def _with_times(price: str, period: Bounded, zone: str) -> str:
    times = validity_in_words(period, zone)
    return f"{price}, {times}" if times else price


def _warning(found: Found, working: TariffVersion) -> str:
    hinders = found.blocks and working.published_at is None
    return f"{'Before you publish' if hinders else 'Warning'}: {found.sentence}"


def _hindrances(tariff: Tariff, working: TariffVersion) -> list[str]:
    """Return why the draft cannot be published as it is."""
    if working.published_at is not None:
        return []
    places = places_of(working)
    found = conflicts_of(tariff, places, working).values()
    return [f"Before you publish: {sentence}" for sentence in found] or ([] if places else [_NOWHERE])


def tax_of(tariff: Tariff) -> TaxProfile | None:
    """Return the CPO's tax profile; one query per list, because the rows share their CPO."""
    cpo: Any = tariff.cpo
    if not hasattr(cpo, "_tax_profile"):
        cpo._tax_profile = TaxProfile.objects.filter(cpo=cpo).first()
    found: TaxProfile | None = cpo._tax_profile
    return found
