"""The pages of referrals: the code of each customer, and who came by it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from cpo_portal.adminkit.actions import page_button
from cpo_portal.adminkit.bases import ReadOnlyMixin, TenantAdmin, TenantExportMixin
from cpo_portal.adminkit.display import EMPTY, Tone, chip, column, money, plain_amount, when
from cpo_portal.adminkit.filters import ChoicesDropdownFilter
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.rules import cpo_of
from cpo_portal.adminkit.widgets import TextInput
from cpo_portal.charging.people.groups import customer_by_contact
from offers.models import Referral, ReferralCode, ReferralState
from offers.referrals.codes import code_of

_TONES = {ReferralState.WAITING: Tone.INFO, ReferralState.REWARDED: Tone.GOOD}
DIALOG = {
    "title": "Make a referral code",
    "description": "The customer passes it on; who has one already keeps it.",
    "dismiss": "Go back",
}


class CodeForm(DialogForm):
    """Whose code it is."""

    contact = forms.CharField(label="Phone or e-mail", max_length=254, widget=TextInput)

    def clean_contact(self) -> ReferralCode:
        cpo = cpo_of(self.request)
        if cpo is None:
            raise ValidationError("Choose a CPO first.")
        try:
            return code_of(customer_by_contact(cpo, self.cleaned_data["contact"]))
        except ValueError as fault:
            raise ValidationError(str(fault)) from fault


class ReferralCodeAdmin(ReadOnlyMixin, TenantAdmin):
    """Codes that customers pass on."""

    list_display = ("code", "customer", "made", "waiting", "rewarded")
    ordering = ("-created_at",)
    list_select_related = ("cpo", "customer")
    search_fields = ("code__iexact",)
    search_help_text = "A whole code."
    fields = ("code", "customer", "made", ("waiting", "rewarded"))
    readonly_fields = ("made", "waiting", "rewarded")
    actions_list = ("make_code",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReferralCode]:
        rows: QuerySet[ReferralCode] = super().get_queryset(request)
        by_state = {state: Count("referrals", filter=Q(referrals__state=state)) for state in ReferralState.values}
        return rows.annotate(**{f"count_{name.lower()}": count for name, count in by_state.items()})

    @page_button(description="Make a referral code", icon="person_add")
    def make_code(self, request: HttpRequest) -> HttpResponse:
        """Make the code of who has this phone number or e-mail address, or show the one that there is."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        form = CodeForm(data=request.POST or None, request=request)
        if form.is_valid():
            page = reverse("admin:offers_referralcode_change", args=[form.cleaned_data["contact"].pk])
            return HttpResponseRedirect(page)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": DIALOG["title"], "form": form}
        context |= {"dialog": DIALOG, "back": reverse("admin:offers_referralcode_changelist")}
        return TemplateResponse(request, "adminkit/dialog_page.html", context)

    @column(description="Made", ordering="created_at")
    def made(self, obj: ReferralCode) -> str:
        return when(obj.created_at, obj.cpo.time_zone)

    @column(description="Friends waiting")
    def waiting(self, obj: Any) -> int:
        return int(obj.count_waiting)

    @column(description="Friends rewarded")
    def rewarded(self, obj: Any) -> int:
        return int(obj.count_rewarded)


class ReferralAdmin(ReadOnlyMixin, TenantExportMixin, TenantAdmin):
    """Who came by whose code."""

    list_display = ("made", "code", "friend", "state_chip", "for_referrer", "for_friend", "when_rewarded")
    list_filter = (("state", ChoicesDropdownFilter),)
    list_select_related = ("cpo", "code", "friend", "order", "earned_by")
    search_fields = ("code__code__iexact",)
    search_help_text = "A whole referral code."
    fields = (
        ("code", "friend"),
        "state_chip",
        ("for_referrer", "for_friend"),
        ("order", "earned_by"),
        ("made", "ends", "when_rewarded"),
    )
    readonly_fields = ("state_chip", "for_referrer", "for_friend", "made", "ends", "when_rewarded")
    export_related = ("code",)
    export_columns = {
        "Code": lambda row: row.code.code,
        "Friend": lambda row: str(row.friend_id),
        "State": Referral.get_state_display,  # type: ignore[attr-defined]
        "For who refers": lambda row: plain_amount(row.referrer_reward, row.currency),
        "For the new customer": lambda row: plain_amount(row.friend_reward, row.currency),
        "Currency": lambda row: row.currency,
        "Made ({clock})": lambda row: row.created_at,
        "First session": lambda row: str(row.earned_by_id or ""),
        "Rewarded ({clock})": lambda row: row.rewarded_at,
    }

    @column(description="State", ordering="state")
    def state_chip(self, obj: Referral) -> SafeString:
        return chip(obj.get_state_display(), _TONES[ReferralState(obj.state)])

    @column(description="For who refers", ordering="referrer_reward")
    def for_referrer(self, obj: Referral) -> str:
        return money(obj.referrer_reward, obj.currency)

    @column(description="For the new customer", ordering="friend_reward")
    def for_friend(self, obj: Referral) -> str:
        return money(obj.friend_reward, obj.currency)

    @column(description="Made", ordering="created_at")
    def made(self, obj: Referral) -> str:
        return when(obj.created_at, obj.cpo.time_zone)

    @column(description="First session until", ordering="expires_at")
    def ends(self, obj: Referral) -> str:
        return when(obj.expires_at, obj.cpo.time_zone)

    @column(description="Rewarded", ordering="rewarded_at")
    def when_rewarded(self, obj: Referral) -> str:
        return when(obj.rewarded_at, obj.cpo.time_zone) if obj.rewarded_at else EMPTY


def register() -> None:
    """Register the pages; called once, by the admin module."""
    admin.site.register(ReferralCode, ReferralCodeAdmin)
    admin.site.register(Referral, ReferralAdmin)
