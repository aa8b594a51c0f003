"""The admin pages of back-tests: how far they are, and what they found."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from cpo_portal.adminkit.actions import go_to, object_action
from cpo_portal.adminkit.display import column, money
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.runs import RunAdmin
from offers.backtest.runs import MOST_DAYS, ask_for_backtest
from offers.backtest.words import NOT_UPLIFT, assumptions, page, requester, result_of
from offers.models import BacktestRun, Offer


class BacktestForm(DialogForm):
    """Asks how far back."""

    days = forms.IntegerField(
        label="Sessions of the last … days",
        initial=30,
        min_value=1,
        max_value=MOST_DAYS,
        error_messages={
            "min_value": f"Replay between 1 and {MOST_DAYS} days.",
            "max_value": f"Replay between 1 and {MOST_DAYS} days.",
        },
    )


@object_action(
    description="Back-test",
    confirm="The offer's latest version is replayed on the sessions that were billed lately, in the background. "
    "Nothing is sold or changed by it.",
    icon="query_stats",
    form_class=BacktestForm,
)
def backtest_offer(self: Any, request: HttpRequest, offer: Offer, data: dict[str, Any]) -> HttpResponse:
    """The button of an offer's page: ask for a replay, and go to its page."""
    user: Any = request.user
    run = ask_for_backtest(offer, data["days"], now=timezone.now(), by=user)
    return go_to(request, reverse("admin:offers_backtestrun_change", args=[run.pk]))


@admin.register(BacktestRun)
class BacktestRunAdmin(RunAdmin):
    """Back-tests, the newest first."""

    change_form_template = "offers/admin/backtest.html"
    list_display = ("offer_and_version", "state_chip", "asked", "sessions", "cost")
    list_filter = ("state",)
    search_fields = ("offer__offer_id",)
    list_select_related = ("offer", "cpo")
    fields = ("offer_and_version", "state_chip", "progress", "period", "asked", "asked_by", "error")
    readonly_fields = fields

    def results(self, run: BacktestRun) -> dict[str, Any]:
        return {
            "backtest_tables": list(page(run)),
            "backtest_assumptions": assumptions(run),
            "backtest_caution": NOT_UPLIFT,
        }

    def get_queryset(self, request: HttpRequest) -> QuerySet[BacktestRun]:
        rows: QuerySet[BacktestRun] = super().get_queryset(request)
        return rows.select_related("offer", "cpo", "requested_by")

    @column(description="Offer", ordering="offer__offer_id")
    def offer_and_version(self, run: BacktestRun) -> str:
        return f"{run.terms['name']} ({run.offer.offer_id}), version {run.version_number}"

    @column(description="By")
    def asked_by(self, run: BacktestRun) -> str:
        return requester(run)

    @column(description="Sessions")
    def sessions(self, run: BacktestRun) -> str:
        found = result_of(run)
        return f"{found.touched.sessions} of {found.sessions}" if found else f"{run.done} of {run.total} replayed"

    @column(description="Cost")
    def cost(self, run: BacktestRun) -> str:
        found = result_of(run)
        return money(found.touched.amount if found else None, run.cpo.currency)

    @column(description="Sessions replayed")
    def progress(self, run: BacktestRun) -> SafeString:
        return self.bar_of(run)

    @column(description="Sessions billed")
    def period(self, run: BacktestRun) -> str:
        return self.span_of(run)
