"""The pages of single-use codes: batches with their progress and download, and the codes themselves, for authors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cpo_portal.accounts.access import Right
from cpo_portal.adminkit.actions import ActionVariant, go_to, object_action
from cpo_portal.adminkit.bases import ReadOnlyMixin, TenantAdmin
from cpo_portal.adminkit.display import EMPTY, Tone, chip, column, when
from cpo_portal.adminkit.filters import ChoicesDropdownFilter
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.navigation import page_of
from offers.authoring import working_version
from offers.codes.alphabets import least_length
from offers.codes.batches import (
    BatchSpec,
    ask_for_codes,
    cancel_batch,
    cancel_codes,
    check_spec,
    counts_of,
    takes_codes,
)
from offers.codes.export import codes_as_csv
from offers.models import CodeAlphabet, CodeBatch, CodeState, Offer, SingleUseCode

#: How often a page reloads itself while codes are being made; a header does it, so that no script is needed.
RELOAD_SECONDS = "3"
_TONES = {CodeState.FREE: Tone.GOOD, CodeState.HELD: Tone.INFO, CodeState.CANCELLED: Tone.WARN}


class CodesForm(DialogForm):
    """How many codes, and what they look like."""

    count = forms.IntegerField(label="How many", min_value=1, help_text="At most 1,000,000 for one offer.")
    name = forms.CharField(label="What they are for", required=False, max_length=100, help_text="Such as a flyer.")
    prefix = forms.CharField(
        required=False, max_length=12, help_text="Such as DIWALI-; letters, digits and hyphens. Everybody sees it."
    )
    alphabet = forms.ChoiceField(
        label="Made of", choices=CodeAlphabet.choices, initial=CodeAlphabet.MIXED, help_text="Without look-alikes."
    )
    length = forms.IntegerField(
        label="Random characters",
        required=False,
        help_text="Empty for as many as it takes that nobody guesses one: "
        f"{least_length(CodeAlphabet.MIXED)}, or {least_length(CodeAlphabet.DIGITS)} digits.",
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        offer = Offer.objects.select_related("cpo").filter(pk=self.object_id).first()
        if offer is not None and not self.errors:
            try:
                check_spec(offer, _spec(data))
            except ValidationError as refusal:
                for name, sentences in refusal.message_dict.items():
                    self.add_error(name if name in self.fields else "count", sentences)
        return data


def make_codes_button(offered: Callable[[Any], bool]) -> Callable[..., Any]:
    """Return the button of an offer's page that asks for a batch."""

    @object_action(
        description="Make codes",
        confirm="They are made in the background; the next page shows how far that is, and has the download.",
        icon="confirmation_number",
        form_class=CodesForm,
        offered=offered,
    )
    def make_codes(self: Any, request: HttpRequest, offer: Offer, data: dict[str, Any]) -> HttpResponse:
        user: Any = request.user
        batch = ask_for_codes(offer, _spec(data), by=user)
        return go_to(request, reverse("admin:offers_codebatch_change", args=[batch.pk]))

    return make_codes


def code_links(request: HttpRequest, offer: Offer) -> list[tuple[str, str]]:
    """Return the links of an offer's page to its codes, by title, for those who may see them.

    None where each buyer needs no code of their own.
    """
    version = working_version(offer)
    batches = page_of(request, "offers.codebatch")
    if version is None or not version.single_use_codes or batches is None:
        return []
    count = CodeBatch.objects.filter(offer=offer).count()
    own = f"{reverse('admin:offers_codebatch_changelist')}?offer__id__exact={offer.pk}"
    found = [(f"Its batches of codes ({count})", own)]
    if takes_codes(offer) and batches.has_operate_permission(request):
        found.append(("Make codes for it", reverse("admin:offers_offer_make_codes", args=[offer.pk])))
    return found


def progress_bar(batch: CodeBatch) -> SafeString:
    """Return how many of the codes are made as a bar with the figures beside it."""
    share = batch.made * 100 // batch.count
    return format_html(
        '<span class="portal-bar"><progress class="portal-good" max="100" value="{}" aria-label="{}% made"></progress>'
        '<span class="portal-figures">{} of {}</span></span>',
        share,
        share,
        f"{batch.made:,}",
        f"{batch.count:,}",
    )


def batch_chip(batch: CodeBatch) -> SafeString:
    """Return where the batch stands."""
    if batch.cancelled_at is not None:
        return chip("Cancelled", Tone.WARN)
    return chip("Made", Tone.GOOD) if batch.finished_at is not None else chip("Being made", Tone.INFO)


@admin.register(CodeBatch)
class CodeBatchAdmin(ReadOnlyMixin, TenantAdmin):
    """Batches of codes; they are asked for on the offer's page."""

    view_right = Right.CHANGE
    list_display = ("title", "progress", "state", "made_at")
    list_select_related = ("cpo", "offer", "created_by")
    search_fields = ("offer__offer_id", "name", "prefix")
    fields = ("name", "offer", ("progress", "state"), "look", "standing", "download", ("made_at", "who"))
    readonly_fields = ("progress", "state", "look", "standing", "download", "made_at", "who")
    actions_detail = ("cancel_batch",)

    def list_note(self, request: HttpRequest) -> str:
        return "To make codes, tick “Each buyer must send a code of their own” on an offer and press “Make codes”."

    @object_action(
        description="Cancel the codes",
        confirm="What is free opens nothing any more, for good. Orders that hold one of these codes keep it.",
        icon="block",
        variant=ActionVariant.DANGER,
        offered=lambda batch: batch.cancelled_at is None,
        dismiss="Keep them",
    )
    def cancel_batch(self, request: HttpRequest, batch: CodeBatch) -> str:
        return _cancelled(cancel_batch(batch))

    def get_urls(self) -> list[Any]:
        download = self.admin_site.admin_view(self.download_view)
        return [
            path("<int:object_id>/download/", download, name="offers_codebatch_download"),
            *super().get_urls(),
        ]

    def download_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Send the codes of a batch."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        batch = self.get_object(request, str(object_id))
        if batch is None:
            raise Http404
        return codes_as_csv(batch)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        return _reloading(response, CodeBatch.objects.filter(finished_at=None, cancelled_at=None).exists())

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        response = super().changeform_view(request, object_id, form_url, extra_context)
        batch = self.get_object(request, object_id) if object_id else None
        return _reloading(response, batch is not None and batch.finished_at is None and batch.cancelled_at is None)

    @column(description="Codes", header=True, ordering="id")
    def title(self, batch: CodeBatch) -> list[str]:
        return [str(batch), batch.offer.offer_id]

    @column(description="Made")
    def progress(self, batch: CodeBatch) -> SafeString:
        return progress_bar(batch)

    @column(description="State")
    def state(self, batch: CodeBatch) -> SafeString:
        return batch_chip(batch)

    @column(description="Asked for", ordering="created_at")
    def made_at(self, batch: CodeBatch) -> str:
        return when(batch.created_at, batch.cpo.time_zone)

    @column(description="By")
    def who(self, batch: CodeBatch) -> str:
        return f"API token {batch.by_token}…" if batch.by_token else str(batch.created_by or EMPTY)

    @column(description="What they look like")
    def look(self, batch: CodeBatch) -> str:
        kind = batch.get_alphabet_display().lower()  # type: ignore[attr-defined]
        before = f"{batch.prefix} and " if batch.prefix else ""
        return f"{before}{batch.length} random characters: {kind}, without look-alikes."

    @column(description="What became of them")
    def standing(self, batch: CodeBatch) -> SafeString:
        counts = counts_of(batch)
        link = f"{reverse('admin:offers_singleusecode_changelist')}?batch__id__exact={batch.pk}"
        text = f"{counts.free:,} free, {counts.held:,} held by orders, {counts.used:,} used"
        if counts.cancelled:
            text += f", {counts.cancelled:,} cancelled{'' if batch.cancelled_at is not None else ' one by one'}"
        return format_html('{} · <a href="{}" class="text-primary-600 dark:text-primary-500">Show them</a>', text, link)

    @column(description="Download")
    def download(self, batch: CodeBatch) -> SafeString:
        text = "All codes as CSV" if batch.finished_at is not None else "The codes made so far as CSV"
        link = reverse("admin:offers_codebatch_download", args=[batch.pk])
        return format_html('<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>', link, text)


@admin.register(SingleUseCode)
class SingleUseCodeAdmin(ReadOnlyMixin, TenantAdmin):
    """The codes themselves: whoever sees one can use it, so analysts do not."""

    view_right = Right.CHANGE
    list_display = ("code", "batch", "standing", "order", "taken")
    list_filter = (("state", ChoicesDropdownFilter),)
    list_select_related = ("cpo", "batch__offer", "order")
    list_display_links = ("code",)
    search_fields = ("code",)
    search_help_text = "A code, or how it begins."
    show_full_result_count = False
    fields = ("code", "batch", "standing", "order", "taken")
    readonly_fields = ("standing", "taken")
    actions = ("cancel_chosen",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        # By the beginning, as the index of a million codes is ordered; LIKE would not get to it past the row policy.
        word = search_term.strip().upper()
        return (queryset.filter(code__gte=word, code__lt=f"{word}~") if word else queryset), False

    @admin.action(description="Cancel the chosen codes that are free", permissions=["operate"])
    def cancel_chosen(self, request: HttpRequest, queryset: QuerySet[SingleUseCode]) -> None:
        count = cancel_codes(SingleUseCode.objects.filter(pk__in=list(queryset.values_list("pk", flat=True))))
        messages.success(request, _cancelled(count))

    @column(description="State", ordering="state")
    def standing(self, code: SingleUseCode) -> SafeString:
        state = CodeState(code.state)
        if state == CodeState.FREE and code.batch.cancelled_at is not None:
            state = CodeState.CANCELLED
        return chip(state.label, _TONES.get(state, Tone.NEUTRAL))

    @column(description="Taken", ordering="taken_at")
    def taken(self, code: SingleUseCode) -> str:
        return when(code.taken_at, code.cpo.time_zone)


def _cancelled(count: int) -> str:
    return f"{count:,} free {'code is' if count == 1 else 'codes are'} cancelled; what orders took stays as it is."


def _spec(data: dict[str, Any]) -> BatchSpec:
    return BatchSpec(**{name: data[name] for name in ("count", "name", "prefix", "alphabet", "length")})


def _reloading(response: HttpResponse, unfinished: bool) -> HttpResponse:
    if unfinished and response.status_code == 200:
        response["Refresh"] = RELOAD_SECONDS
    return response
