"""The admin page of the offer policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse

from cpo_portal.accounts.access import Right
from offers.campaigns.table import BY_KEY, Makes
from offers.models import OfferPolicy
from pricing.admin.single import SingleRowAdmin


class FilledInMixin:
    """A form that shows what a template says in place of what is stored, and knows both."""

    filled: Mapping[str, Any]

    def get_initial_for_field(self, field: Any, field_name: str) -> Any:
        if field_name in self.filled:
            return self.filled[field_name]
        return super().get_initial_for_field(field, field_name)  # type: ignore[misc]


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

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None or not self._fills_in(request, obj):
            return form
        return type(form.__name__, (FilledInMixin, form), {"filled": BY_KEY[request.GET["template"]].said})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        if self._fills_in(request, kwargs["obj"]):
            messages.info(request, "The template has filled in the referrals: nothing is changed before you save.")
        response: HttpResponse = super().render_change_form(request, context, **kwargs)
        return response

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
