"""The pages of orders, which machines write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from cpo_portal.adminkit.bases import ReadOnlyMixin, TenantAdmin, TenantExportMixin
from cpo_portal.adminkit.display import EMPTY, column, money, when
from cpo_portal.adminkit.filters import ChoicesDropdownFilter
from cpo_portal.charging.export_columns import ORDER_COLUMNS
from cpo_portal.charging.models import EventKind, Order, OrderEvent
from cpo_portal.charging.panels import panels_of, state_chips, zone_of
from cpo_portal.charging.wording import cancelled_by


@admin.register(Order)
class OrderAdmin(ReadOnlyMixin, TenantExportMixin, TenantAdmin):
    """What was sold and what became of it."""

    list_display = ("made", "connector", "bap_id", "state_chip", "fulfillment_state", "quoted", "billed")
    list_filter = (("state", ChoicesDropdownFilter), ("fulfillment_state", ChoicesDropdownFilter))
    list_select_related = ("connector__charger__location",)
    search_fields = ("id__iexact", "transaction_id__iexact", "connector__item_id")
    search_help_text = "A whole order id or transaction id, or a connector's item id."
    show_full_result_count = False
    date_hierarchy = None
    export_columns = ORDER_COLUMNS
    export_related: tuple[str, ...] = ("lines",)
    change_form_after_template = "charging/order_panels.html"
    actions_detail: tuple[str, ...] = ()
    fields = (
        ("id", "transaction_id"),
        ("state_chip", "fulfillment_state"),
        ("connector", "customer"),
        ("planned", "payable"),
        ("quoted", "billed"),
        ("made", "confirmed"),
        ("bap_id", "cancelled"),
    )
    readonly_fields = (
        "state_chip",
        "planned",
        "payable",
        "quoted",
        "billed",
        "made",
        "confirmed",
        "cancelled",
    )

    class Media:
        css = {"all": ("charging/order.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        rows: QuerySet[Order] = super().get_queryset(request)
        refunded = OrderEvent.objects.filter(order=OuterRef("pk"), kind=EventKind.BILL_REFUNDED)
        return rows.annotate(refunded=Exists(refunded))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        order = self.get_object(request, object_id)
        panels = panels_of(request, order) if order is not None and self.has_view_permission(request, order) else []
        context = (extra_context or {}) | {"order_panels": panels}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @column(description="State", ordering="state")
    def state_chip(self, obj: Order) -> SafeString:
        return state_chips(obj)

    @column(description="Made", ordering="created_at")
    def made(self, obj: Order) -> str:
        return when(obj.created_at, zone_of(obj))

    @column(description="Planned")
    def planned(self, obj: Order) -> str:
        start, end = when(obj.planned_start, zone_of(obj)), when(obj.planned_end, zone_of(obj))
        return f"{start} to {end}" if obj.planned_end else start

    @column(description="To be confirmed by")
    def payable(self, obj: Order) -> str:
        return when(obj.payment_until, zone_of(obj))

    @column(description="Confirmed")
    def confirmed(self, obj: Order) -> str:
        return when(obj.confirmed_at, zone_of(obj))

    @column(description="Cancelled")
    def cancelled(self, obj: Order) -> str:
        if obj.cancelled_at is None:
            return EMPTY
        who = f"{when(obj.cancelled_at, zone_of(obj))} by {cancelled_by(obj.cancelled_by)}"
        return f"{who}: {obj.cancellation_reason}" if obj.cancellation_reason else who

    @column(description="Quoted", ordering="quoted_amount")
    def quoted(self, obj: Order) -> str:
        return money(obj.quoted_amount, obj.currency)

    @column(description="Billed", ordering="billed_amount")
    def billed(self, obj: Order) -> str:
        return money(obj.billed_amount, obj.currency)


def add_order_columns(columns: dict[str, Callable[[Any], Any]], related: str) -> None:
    """Let an upper room add columns to the download of orders; they read the rows that are `related` to each."""
    OrderAdmin.export_columns = {**OrderAdmin.export_columns, **columns}
    OrderAdmin.export_related = tuple(dict.fromkeys((*OrderAdmin.export_related, related)))


def add_order_action(name: str, action: Callable[..., Any]) -> None:
    """Let an upper room add a button, made by `object_action`, to an order's page; a name that is there is replaced."""
    setattr(OrderAdmin, name, action)
    OrderAdmin.actions_detail = tuple(dict.fromkeys((*OrderAdmin.actions_detail, name)))
