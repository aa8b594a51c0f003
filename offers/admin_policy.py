"""The admin page of the offer policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from cpo_portal.accounts.access import Right
from offers.campaigns.table import BY_KEY, Makes
from offers.models import OfferPolicy
from pricing.admin_single import SingleRowAdmin


class OfferPolicyAdmin(SingleRowAdmin):
    """How the CPO's offers and quotes behave."""

    fieldsets = (
        (
            "Offers",
            {
                "fields": ("objective", ("max_stack", "max_discount_percent"), "review_required"),
                "description": "A review is of what an offer's version says. An offer's limits apply as soon as they "
                "are saved, without one. One owner alone may switch reviews off and on: the history of this page says "
                "who did, and when.",
            },
        ),
        (
            "Referrals",
            {
                "fields": (("referrer_reward", "friend_reward"), ("referrals_per_customer", "referral_days")),
                "description": "A customer's referral code is made on the page of referral codes, or over the API. A "
                "new customer sends it with an order; the first session of theirs that is billed credits both.",
            },
        ),
        ("Quotes", {"fields": ("amount_basis", ("quote_minutes", "payment_minutes"))}),
        ("Start of charging", {"fields": (("early_start_minutes", "late_start_minutes"),)}),
        ("End of charging", {"fields": ("breakdown_minutes", "silent_minutes", "longest_hours")}),
    )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> OfferPolicy | None:
        row: OfferPolicy | None = super().get_object(request, object_id, from_field)
        if row is not None and self._fills_in(request, row):
            filled = BY_KEY[request.GET["template"]].said
            row.as_stored = {name: getattr(row, name) for name in filled}  # type: ignore[attr-defined]
            for name, value in filled.items():
                setattr(row, name, value)
            messages.info(request, "The template has filled in the referrals: nothing is changed before you save.")
        return row

    def _fills_in(self, request: HttpRequest, row: OfferPolicy) -> bool:
        """Tell whether the address names a template for what the policy does not say yet."""
        template = BY_KEY.get(request.GET.get("template", ""))
        wanted = request.method == "GET" and template is not None and template.makes is Makes.POLICY
        return wanted and row.referrer_reward is None and self.has_change_permission(request, row)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        # Who could switch the review off for a moment would be all four eyes alone.
        return () if self.may(request, Right.MANAGE_MEMBERS, obj) else ("review_required",)


def register() -> None:
    """Register the page; called once, by the admin module."""
    admin.site.register(OfferPolicy, OfferPolicyAdmin)
