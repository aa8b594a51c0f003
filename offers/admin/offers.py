"""The admin pages of offers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html

from cpo_portal.adminkit.bases import TenantExportMixin
from cpo_portal.adminkit.display import EMPTY, column, when
from cpo_portal.adminkit.lists import ListedMixin
from offers import authoring
from offers.admin.backtest import backtest_offer
from offers.admin.codes import code_links, make_codes_button
from offers.admin.files import OfferFilesMixin
from offers.admin.filters import KindFilter, ReviewFilter, StateFilter
from offers.admin.groups import groups_of
from offers.admin.lint import LintMixin, check_url
from offers.admin.moves import MovesMixin
from offers.admin.pages import draft_chip, limits_bar, offer_page, state_chip
from offers.admin.publish import publish_saved
from offers.admin.review import ReviewMixin, public_url
from offers.admin.templates import TemplatesMixin
from offers.admin.trying import try_hours_view, try_offer_view, try_tariff_view
from offers.authoring.review import REVIEWS, is_required
from offers.codes.batches import takes_codes
from offers.export_columns import OFFER_COLUMNS
from offers.forms.conditions import CONDITIONS_FIELDSET
from offers.forms.limits import LIMIT_ROWS
from offers.forms.offers import OfferForm
from offers.forms.types import BENEFIT_FIELDSET
from offers.forms.where import WHERE_FIELDSET
from offers.models import Offer, OfferState, OfferVersion
from offers.names import gift_shown
from offers.shown import benefit_shown, shown_version
from offers.states import is_editable, is_published, moves_from, recent_days
from offers.uses import with_uses
from pricing.admin.drafts import TRY_PAGES, DraftAdmin, expected_version
from pricing.admin.reviews import review_notes

TRY_PAGES.update(offer="admin:offers_try_offer", tariff="admin:offers_try_tariff", hours="admin:offers_try_hours")


@admin.register(Offer)
class OfferAdmin(
    MovesMixin, LintMixin, ReviewMixin, TemplatesMixin, OfferFilesMixin, TenantExportMixin, ListedMixin, DraftAdmin
):
    """Offers with their versions, states and limits."""

    form = OfferForm
    change_form_template: Any = DraftAdmin.change_form_template
    list_display = ("title", "state_now", "benefit", "validity", "used")
    list_filter = (StateFilter, ReviewFilter, KindFilter)
    search_fields = ("offer_id", "live_version__name", "live_version__display_code")
    export_columns = OFFER_COLUMNS
    actions = ("pause_chosen", "resume_chosen", "file_of_chosen")
    actions_list = ("templates", *OfferFilesMixin.actions_list)
    actions_detail = (
        "publish_offer",
        "republish_offer",
        *ReviewMixin.review_actions,
        "pause_offer",
        "resume_offer",
        "end_offer",
        "make_codes",
        "backtest_offer",
        *ReviewMixin.copy_actions,
        "archive_offer",
        "withdraw_offer",
    )
    fieldsets = (
        (
            "What it is",
            {
                "fields": (
                    "name",
                    "offer_id",
                    "short_desc",
                    "long_desc",
                    "terms_text",
                    "image_url",
                    "campaign_kind",
                    "display_code",
                    "requires_code",
                    "single_use_codes",
                )
            },
        ),
        ("Where and on what", {"fields": ("location_ids", "item_ids", "categories")}),
        WHERE_FIELDSET,
        ("For whom", {"fields": ("segment_ids",)}),
        (
            "When",
            {
                "fields": (
                    "valid_from",
                    "valid_until",
                    "weekly_windows",
                    ("holiday_calendar", "holidays"),
                    "blackout_dates",
                )
            },
        ),
        CONDITIONS_FIELDSET,
        BENEFIT_FIELDSET,
        ("How it combines", {"fields": ("additive", "auto", "priority", "exclusivity_group", "excludes")}),
        (
            "Limits",
            {
                "fields": LIMIT_ROWS,
                "description": "Limits belong to the offer, go on across its versions, and apply as soon as they are "
                "saved: with “Save draft” too, and without a review.",
            },
        ),
    )

    make_codes = make_codes_button(takes_codes)
    backtest_offer = backtest_offer

    def get_urls(self) -> list[Any]:
        pages = [("offer", try_offer_view), ("tariff", try_tariff_view)]
        tries = [
            path(
                f"try-{kind}/<int:object_id>/",
                self.admin_site.admin_view(partial(view, self)),
                name=TRY_PAGES[kind].removeprefix("admin:"),
            )
            for kind, view in pages
        ]
        hours = path("try-hours/", self.admin_site.admin_view(partial(try_hours_view, self)), name="offers_try_hours")
        return [*tries, hours, self.compare_url(), self.lint_url(), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offer]:
        drafts = OfferVersion.objects.filter(published_at=None)
        rows: QuerySet[Offer] = super().get_queryset(request).select_related("live_version", "counter", "cpo")
        rows = rows.annotate(gift=gift_shown())
        return rows.prefetch_related(Prefetch("versions", queryset=drafts, to_attr="drafts"), recent_days(self._now()))

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return with_uses(rows)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Offer | None:
        offer: Offer | None = super().get_object(request, object_id, from_field)
        if offer is not None and (version := shown_version(offer)) is not None:
            offer.shown_as = version.name
        return offer

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if search_term:
            named = Q(name__icontains=search_term) | Q(display_code__icontains=search_term)
            drafts = OfferVersion.objects.filter(named, published_at=None).values("offer")
            found |= queryset.filter(pk__in=drafts)
        return found, may_repeat

    @column(description="Offer", header=True, ordering="offer_id")
    def title(self, offer: Offer) -> list[str]:
        version = shown_version(offer)
        code = f" · {version.display_code}" if version and version.display_code else ""
        return [version.name if version else offer.offer_id, f"{offer.offer_id}{code}"]

    @admin.display(description="State")
    def state_now(self, offer: Offer) -> Any:
        drafts = offer.drafts  # type: ignore[attr-defined]
        draft = draft_chip(drafts[0]) if offer.live_version_id and drafts else ""
        return format_html("{} {}", state_chip(offer, self._now()), draft)

    @admin.display(description="Benefit")
    def benefit(self, offer: Offer) -> str:
        return benefit_shown(offer) or EMPTY

    @admin.display(description="Valid", ordering="live_version__valid_until")
    def validity(self, offer: Offer) -> Any:
        version, zone = shown_version(offer), offer.cpo.time_zone
        if version is None:
            return EMPTY
        span = '<span class="portal-figures">{}<br>to {}</span>'
        return format_html(span, when(version.valid_from, zone), when(version.valid_until, zone))

    @admin.display(description="Used")
    def used(self, offer: Offer) -> Any:
        return limits_bar(offer, self._now())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return ("offer_id",) if obj is not None else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        # Who may only look reads the table of the page instead of a form.
        if obj is not None and not self.has_change_permission(request, obj):
            return ((None, {"fields": ("offer_id",)}), ("Limits", {"fields": LIMIT_ROWS}))
        return self.fieldsets

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        offer = self.get_object(request, str(object_id))
        if offer is None:
            return []
        names = {f"{move.value}_offer" for move in moves_from(offer.state)} | {"make_codes", "backtest_offer"}
        if "publish_offer" in names:
            names.add("republish_offer")
        if not offer.drafts:  # type: ignore[attr-defined]
            names -= {"publish_offer", "republish_offer"}
        names = self.reviewed(request, offer, names)
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        buttons = super().get_actions_detail(request, object_id)
        return [button for button in buttons if button.action_name.removeprefix(prefix) in names]

    def may_edit(self, obj: Offer) -> bool:
        return is_editable(obj.state)

    def may_publish(self, obj: Offer) -> bool:
        return obj.state != OfferState.ENDED

    def write_draft(self, request: HttpRequest, obj: Offer, form: OfferForm) -> Offer:
        user: Any = request.user
        if obj.pk is None:
            cpo: Any = request.cpo  # type: ignore[attr-defined]
            return authoring.create_offer(cpo, obj.offer_id, form.content(), limits=form.limits(), by=user)
        authoring.save_draft(obj, form.content(), by=user, expected=expected_version(request))
        if not form.limits_changed():
            return obj
        if is_published(obj.state):
            messages.info(request, "Its limits have changed and apply from now on.")
        return authoring.set_limits(obj, form.limits(), by=user)

    def saved_draft(self, obj: Offer) -> str:
        working = authoring.working_version(obj)
        name = working.name if working is not None else str(obj)
        if working is not None and working.published_at is not None:
            return f"“{name}” is saved; what it says was published already."
        if is_required(obj.cpo_id):
            return f"The draft of “{name}” is saved; submit it, and buyer apps see it once somebody else approves it."
        again = " with “Publish again”" if obj.state == OfferState.ENDED else ""
        return f"The draft of “{name}” is saved; buyer apps see it once you publish it{again}."

    def publish_draft(self, request: HttpRequest, obj: Offer) -> str:
        user: Any = request.user
        working = authoring.working_version(obj)
        if working is not None and working.published_at is not None and is_published(obj.state):
            return f"“{working.name}” is saved; what it says was published already."
        authoring.check_publish(obj, by=user)
        request.publishes = authoring.draft_key(working) if working is not None else None  # type: ignore[attr-defined]
        return ""

    def after_save(self, request: HttpRequest, offer: Offer, response: HttpResponse) -> HttpResponse:
        read = getattr(request, "publishes", None)
        return (
            super().after_save(request, offer, response)
            if read is None
            else publish_saved(request, offer, read, response)
        )

    def page(self, request: HttpRequest, obj: Offer) -> dict[str, Any]:
        page = offer_page(obj, now=self._now(), with_facts=not self.has_change_permission(request, obj))
        return page | {
            "notes": [*review_notes(REVIEWS, obj), *page["notes"]],
            "public_url": public_url(obj, self._now()),
            "check_url": check_url(obj),
            "links": code_links(request, obj),
            "panels": groups_of(obj),
        }

    def _now(self) -> datetime:
        return timezone.now()
