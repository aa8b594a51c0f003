"""The page of balances' list that takes in a file of top-ups."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.actions import page_button
from cpo_portal.adminkit.rules import cpo_of
from cpo_portal.charging.admin.import_page import ImportPageMixin, Outcome
from cpo_portal.charging.balances.files import COLUMNS, Imported, import_top_ups
from cpo_portal.charging.people.groups import RowsRefused

TOP_UPS_HELP = (
    f"The first row names the columns, of {', '.join(COLUMNS)}; cells are divided by commas, semicolons or tabs. Each "
    "row below is a top-up: it names its balance by the id, or the owner by phone, email or group (and the balance by "
    "name, where the owner has several), and gives an amount (of energy in kWh) and a reference of your books, under "
    "which it counts once. All rows are written, or none."
)


class TopUpImportMixin(ImportPageMixin):
    """Takes in files of top-ups."""

    actions_list = ("import_top_ups",)

    @page_button(description="Import top-ups", icon="upload_file")
    def import_top_ups(self, request: HttpRequest) -> HttpResponse:
        """Take in a file of top-ups."""
        return self.import_page(request, cpo_of(request), reverse("admin:charging_balance_changelist"))

    def import_title(self, row: Any) -> tuple[str, str]:
        return "Import top-ups", TOP_UPS_HELP

    def take_in(self, row: Any, data: dict[str, Any], *, dry_run: bool, by: User | None) -> Outcome:
        try:
            done = import_top_ups(row, data["file"], dry_run=dry_run, now=timezone.now(), by=by)
        except RowsRefused as refused:
            return Outcome.refused([(x.row, x.column, x.message) for x in refused.faults], len(refused.faults))
        entries = reverse("admin:charging_balanceentry_changelist")
        made = format_html('<a class="portal-made" href="{}">See the entries.</a>', entries)
        return Outcome(imported_in_words(done), written=done.written, made=made)


def imported_in_words(done: Imported) -> str:
    """Say what became of a file, or would."""
    new = done.rows - done.repeated
    what = f"{new} top-up{'' if new == 1 else 's'}"
    before = f"; {done.repeated} had been written before" if done.repeated else ""
    return f"{what} written{before}." if done.written else f"{what} can be written{before}."
