"""The pages of files of offers: taken in from the list, followed while they are checked and written, and given out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cpo_portal.accounts.models import Cpo, User
from cpo_portal.adminkit.actions import object_action, page_button
from cpo_portal.adminkit.bases import ReadOnlyMixin, TenantAdmin
from cpo_portal.adminkit.cells import UTF_8_MARK
from cpo_portal.adminkit.display import EMPTY, Tone, bar, chip, column, when
from cpo_portal.adminkit.rules import cpo_of
from cpo_portal.charging.admin.import_page import FileForm, ImportPageMixin, Outcome
from cpo_portal.charging.panels import Panel
from offers.authoring import Actor
from offers.files.cells import SHORT_FORMS
from offers.files.columns import columns_for, values_by_field
from offers.files.example import example_file
from offers.files.reading import BOUNDS, MOST_OFFERS
from offers.files.runs import import_checked, import_offers, is_kept
from offers.files.writing import attached, download
from offers.models import Offer, OfferImport, OfferImportState, OfferState

RELOAD_SECONDS = "3"
TONES = {
    OfferImportState.QUEUED: Tone.NEUTRAL,
    OfferImportState.RUNNING: Tone.INFO,
    OfferImportState.CHECKED: Tone.GOOD,
    OfferImportState.DONE: Tone.GOOD,
    OfferImportState.REFUSED: Tone.WARN,
    OfferImportState.FAILED: Tone.BAD,
}
_UNDER_WAY = frozenset({OfferImportState.QUEUED, OfferImportState.RUNNING})
#: So many of the offers that a file made are named, each with its page.
MOST_LINKED = 5
_LINK = "text-primary-600 dark:text-primary-500"
IMPORT_HELP = (
    f"Each row becomes the draft of a new offer; nothing is published. The columns are the labels of the form, in any "
    f"order, and those that are not needed may be left out; an empty cell is what the form has before it is filled in. "
    f"Cells are divided by commas, semicolons or tabs; at most {MOST_OFFERS:,} rows and {BOUNDS.most_bytes >> 20} MB. "
    f"All rows are written, or none."
)


class OffersFileForm(FileForm):
    """A file of offers."""

    most_bytes = BOUNDS.most_bytes


class OfferFilesMixin(ImportPageMixin):
    """Takes in files of offers, and gives them out in the same form."""

    import_form = OffersFileForm
    actions_list: tuple[str, ...] = ("import_offers", "offers_file")

    @page_button(description="Import offers", icon="upload_file")
    def import_offers(self, request: HttpRequest) -> HttpResponse:
        """Take in a file of offers."""
        return self.import_page(request, cpo_of(request), reverse("admin:offers_offer_changelist"))

    @page_button(description="Export for import", icon="file_save", permission="view")
    def offers_file(self, request: HttpRequest) -> HttpResponseBase:
        """Send all offers as a file that can be imported."""
        return download(self._cpo_to_read(request), mark=UTF_8_MARK)

    @admin.action(description="Export the chosen for import", permissions=["view"])
    def file_of_chosen(self, request: HttpRequest, queryset: QuerySet[Offer]) -> HttpResponseBase:
        """Send the chosen offers as a file that can be imported."""
        return download(self._cpo_to_read(request), list(queryset.values_list("pk", flat=True)), mark=UTF_8_MARK)

    def get_urls(self) -> list[Any]:
        example = self.admin_site.admin_view(self.example_view)
        urls: list[Any] = super().get_urls()  # type: ignore[misc]
        return [path("import-example/", example, name="offers_offer_example"), *urls]

    def example_view(self, request: HttpRequest) -> HttpResponse:
        """Send the example of a file."""
        text = example_file(self._cpo_to_read(request), timezone.now())
        return attached(HttpResponse(f"{UTF_8_MARK}{text}"), "offers-example.csv")

    def _cpo_to_read(self, request: HttpRequest) -> Cpo:
        cpo = cpo_of(request)
        if cpo is None or not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        return cpo

    def import_title(self, row: Any) -> tuple[str, str]:
        return "Import offers", IMPORT_HELP

    def import_help(self, row: Any) -> SafeString:
        return help_with_links(row)

    def take_in(self, row: Any, data: dict[str, Any], *, dry_run: bool, by: User | None) -> Outcome:
        report = import_offers(row, data["file"], dry_run=dry_run, actor=Actor(by))
        many = f"{report.rows:,} offer{'' if report.rows == 1 else 's'}"
        if report.faults.count:
            found = [(x.row, x.column, x.sentence) for x in report.faults.shown]
            return Outcome.refused(found, report.faults.count)
        if report.job is None:
            return Outcome(f"The file can be imported: {many}.")
        if report.job.state == OfferImportState.DONE:
            return Outcome(f"Imported: {many}, as drafts.", written=True, made=links_to(report.made))
        what = "checked" if dry_run else "checked and imported"
        page = reverse("admin:offers_offerimport_change", args=[report.job.pk])
        return Outcome(f"{many} are {what} in the background; this page tells how far that is.", page=page)


def links_to(offer_ids: Sequence[str]) -> SafeString:
    """Return links to the first of these offers, and to all drafts; inside the CPO's scope."""
    rows = Offer.objects.filter(offer_id__in=offer_ids[:MOST_LINKED]).order_by("pk")
    shown = [(_made(reverse("admin:offers_offer_change", args=[row.pk]), row.offer_id)) for row in rows]
    return format_html("{}.", format_html_join(", ", "{}", ((link,) for link in [*shown, all_drafts()])))


def all_drafts() -> SafeString:
    """Return a link to the list of drafts."""
    return _made(f"{reverse('admin:offers_offer_changelist')}?state={OfferState.DRAFT.value}", "all drafts")


def _made(url: str, text: str) -> SafeString:
    return format_html('<a class="portal-made" href="{}">{}</a>', url, text)


def help_with_links(cpo: Cpo) -> SafeString:
    """Return how lists are written, and where an example is."""
    columns = values_by_field(columns_for(cpo.time_zone))
    forms = [(columns[name].label, form.example) for name, form in SHORT_FORMS.items() if name in columns]
    needed = ", ".join(column.label for column in columns.values() if column.needed)
    return format_html(
        '<p class="leading-relaxed mt-2">Needed: {}. Several names or dates stand in one cell between semicolons. {} '
        'What these cannot say is written as JSON, as the API has it. <a href="{}" class="{}">The example</a> has a '
        "row for each type, made of your own items: it is a file that you can import.</p>"
        '<details class="leading-relaxed mt-2"><summary class="cursor-pointer">List of columns ({})</summary>'
        '<p class="mt-2">{}.</p></details>',
        needed,
        format_html_join(" ", "{}: <code>{}</code>.", forms),
        reverse("admin:offers_offer_example"),
        _LINK,
        len(columns),
        ", ".join(column.label for column in columns.values()),
    )


def _said_of(job: OfferImport) -> Panel | None:
    """Return what came of a file that had no faults."""
    many = f"{job.total:,} offer{'' if job.total == 1 else 's'}"
    if job.state == OfferImportState.DONE:
        return Panel(f"Imported: {many}, as drafts.", format_html("<p>Publish them from {}.</p>", all_drafts()))
    if is_kept(job):
        return Panel(
            f"The file can be imported: {many}.", format_html("<p>{}</p>", "Nothing was written yet: press “Import”.")
        )
    return None


@admin.register(OfferImport)
class OfferImportAdmin(ReadOnlyMixin, TenantAdmin):
    """Files of offers that were taken in, the newest first."""

    change_form_template: Any = None
    change_form_after_template = "charging/panels.html"
    list_display = ("taken_in", "what", "state_chip", "progress", "who")
    list_filter = ("state",)
    fields = ("taken_in", "what", "state_chip", "progress", "who", "reason")
    readonly_fields = fields
    actions_detail = ("import_checked",)

    class Media:
        css = {"all": ("charging/order.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[OfferImport]:
        rows: QuerySet[OfferImport] = super().get_queryset(request)
        return rows.select_related("cpo", "by").defer("file")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in self.fields if name != "reason" or (obj is not None and obj.reason)]

    @object_action(
        description="Import",
        confirm="The file that was checked is imported: each row becomes the draft of a new offer.",
        icon="upload_file",
        offered=is_kept,
    )
    def import_checked(self, request: HttpRequest, job: OfferImport) -> str:
        user: Any = request.user
        import_checked(job, Actor(user))
        return "The file is imported in the background; this page tells how far that is."

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        job = self.get_object(request, object_id) if object_id else None
        context = dict(extra_context or {})
        if job is not None and job.fault_count:
            faults = [(fault["row"], fault["column"], fault["message"]) for fault in job.faults]
            told = Outcome.refused(faults, job.fault_count)
            context["panels"] = [Panel(told.said, format_html("{}", told.faults))]
        elif job is not None and (said := _said_of(job)):
            context["panels"] = [said]
        response: HttpResponse = super().changeform_view(request, object_id, form_url, context)
        if job is not None and job.state in _UNDER_WAY:
            response.headers["Refresh"] = RELOAD_SECONDS  # needs no script
        return response

    @column(description="Taken in", ordering="created_at")
    def taken_in(self, job: OfferImport) -> str:
        return when(job.created_at, job.cpo.time_zone)

    @column(description="What")
    def what(self, job: OfferImport) -> str:
        rows = f"{job.total:,} row{'' if job.total == 1 else 's'}"
        return f"{rows}, checked only" if job.dry_run else rows

    @column(description="State", ordering="state")
    def state_chip(self, job: OfferImport) -> SafeString:
        return chip(job.get_state_display(), TONES[OfferImportState(job.state)])

    @column(description="Rows checked")
    def progress(self, job: OfferImport) -> SafeString:
        return bar(job.done, job.total, tone=TONES[OfferImportState(job.state)])

    @column(description="By")
    def who(self, job: OfferImport) -> str:
        return f"API token {job.by_token}…" if job.by_token else str(job.by or EMPTY)
