"""The pages of products: goods and services, their prices and their stock."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from cpo_portal.adminkit.bases import TenantAdmin, TenantStackedInline
from cpo_portal.adminkit.display import column, money
from cpo_portal.adminkit.filters import BooleanRadioFilter, ChoicesDropdownFilter
from cpo_portal.network.admin_forms import FixedIdMixin, KeepUsedMixin, published_chip
from cpo_portal.network.catalogue import sold_as, units_left
from cpo_portal.network.models import Product, ProductStock
from cpo_portal.network.stock import StockForm
from cpo_portal.network.usage import effects_of


class StockInline(TenantStackedInline):
    """How many units are left; without it the product is not counted."""

    model = ProductStock
    form = StockForm
    fields = ("units",)
    max_num = 1
    verbose_name = "stock"
    verbose_name_plural = "stock (leave out what is not counted)"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # What orders hold is given back to this row.
        row = getattr(obj, "stock_row", None)
        return super().has_delete_permission(request, obj) and not (row is not None and row.reserved)


@admin.register(Product)
class ProductAdmin(KeepUsedMixin, FixedIdMixin, TenantAdmin):
    """Goods and services."""

    fixed_id = "product_id"
    list_display = ("name", "product_id", "kind", "cost", "left", "shown")
    list_filter = (("kind", ChoicesDropdownFilter), ("is_published", BooleanRadioFilter))
    list_select_related = ("stock_row",)
    search_fields = ("name", "product_id", "category")
    autocomplete_fields = ("locations",)
    inlines = (StockInline,)
    fields = (
        ("product_id", "name"),
        "short_desc",
        ("kind", "category"),
        ("price", "currency"),
        "locations",
        "is_published",
    )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = sold_as(Product.objects.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)
        request.saved_product = obj.pk, before  # type: ignore[attr-defined]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().changeform_view(request, *args, **kwargs)
        # Once it is committed: looking for what it does to others holds no lock of the product.
        if saved := getattr(request, "saved_product", None):
            # Read anew: the form holds the stock and the locations as they were.
            for sentence in effects_of(Product.objects.get(pk=saved[0]), saved[1]):
                messages.warning(request, sentence)
        return response

    @column(description="Price", ordering="price")
    def cost(self, obj: Product) -> str:
        return money(obj.price, obj.currency)

    @column(description="Left")
    def left(self, obj: Product) -> str:
        units = units_left(obj)
        return "not counted" if units is None else str(units)

    @column(description="Shown to buyer apps", ordering="is_published")
    def shown(self, obj: Product) -> SafeString:
        return published_chip(obj.is_published)
